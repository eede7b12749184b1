-- The smallest honest schema for one transfer of a block: what a user would write by hand instead of a hub.
-- psql -d bench -f tests/bench/schema.sql
DROP TABLE IF EXISTS bench_block, bench_transfer, bench_target, bench_log;
CREATE TABLE bench_block (id BIGINT PRIMARY KEY, region SMALLINT NOT NULL, owner BIGINT NOT NULL, qty BIGINT NOT NULL, state SMALLINT NOT NULL DEFAULT 0, seq BIGINT NOT NULL DEFAULT 0);
CREATE TABLE bench_transfer (id BYTEA PRIMARY KEY, src BIGINT NOT NULL, dst SMALLINT NOT NULL, qty BIGINT NOT NULL);
CREATE TABLE bench_target (id BYTEA PRIMARY KEY, transfer BYTEA NOT NULL, region SMALLINT NOT NULL, owner BIGINT NOT NULL, qty BIGINT NOT NULL);
CREATE TABLE bench_log (seq BIGSERIAL PRIMARY KEY, transfer BYTEA NOT NULL, kind SMALLINT NOT NULL, body BYTEA NOT NULL);
INSERT INTO bench_block SELECT g, g % 20, g % 1000, 1000000000, 0, 0 FROM generate_series(1, 200000) g;
VACUUM ANALYZE bench_block;
