DROP INDEX feed_entry_type;
DROP INDEX feed_entry_log_index;
DROP TABLE log_evidence;
DROP TABLE witness;
