DROP TABLE log_cosignature;
DROP TABLE log_rules;
DROP TABLE log_witness;
ALTER TABLE log_checkpoint DROP COLUMN published_at;
ALTER TABLE log_checkpoint DROP COLUMN claimed_at;
