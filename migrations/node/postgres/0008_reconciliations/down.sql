DROP INDEX feed_entry_type;
DROP TABLE reconciliation;
