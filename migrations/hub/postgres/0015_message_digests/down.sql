ALTER TABLE message DROP COLUMN digest;
ALTER TABLE envelope DROP COLUMN digest;
