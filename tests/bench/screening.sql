-- Screening of tokens as one would write it by hand: what `tanqiao-hub bench screening --database …` is compared with.
-- psql -d bench -v stored=1000000 -v batch=100000 -f tests/bench/screening.sql
\timing on
DROP TABLE IF EXISTS bench_token;
CREATE TABLE bench_token (token UUID NOT NULL PRIMARY KEY, run INTEGER NOT NULL, owner INTEGER NOT NULL);
INSERT INTO bench_token SELECT gen_random_uuid(), 1, g * 4 FROM generate_series(1, :stored) g ORDER BY 1;
VACUUM ANALYZE bench_token;
CHECKPOINT;
CREATE TEMP TABLE bench_staging (token UUID NOT NULL, run INTEGER NOT NULL, owner INTEGER NOT NULL) ON COMMIT DELETE ROWS;
-- One issuance. The bench fills the staging table by COPY … (FORMAT binary) from the client.
BEGIN;
INSERT INTO bench_staging SELECT gen_random_uuid(), 2, g * 4 FROM generate_series(1, :batch) g;
INSERT INTO bench_token SELECT token, run, owner FROM bench_staging ORDER BY token ON CONFLICT DO NOTHING;
COMMIT;
SELECT pg_total_relation_size('bench_token') / count(*) AS bytes_a_token FROM bench_token;
