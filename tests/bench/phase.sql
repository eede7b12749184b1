-- One phase of a transfer as one transaction of seven statements; a transfer is two of them.
-- pgbench -n -M prepared -j 2 -c 32 -T 10 -f tests/bench/phase.sql bench
\set src random(1, 200000)
\set dst random(0, 19)
\set a random(0, 9223372036854775806)
\set b random(0, 9223372036854775806)
BEGIN;
SELECT qty, state FROM bench_block WHERE id = :src FOR UPDATE;
UPDATE bench_block SET qty = qty - 1, seq = seq + 1 WHERE id = :src;
INSERT INTO bench_transfer (id, src, dst, qty) VALUES (decode(md5(:a::text), 'hex'), :src, :dst, 1);
INSERT INTO bench_target (id, transfer, region, owner, qty) VALUES (decode(md5(:b::text), 'hex'), decode(md5(:a::text), 'hex'), :dst, 7, 1);
INSERT INTO bench_log (transfer, kind, body) VALUES (decode(md5(:a::text), 'hex'), 1, decode(repeat('ab', 200), 'hex'));
COMMIT;
