DROP TABLE orphaned_entry;
DROP TABLE outbox_batch;
