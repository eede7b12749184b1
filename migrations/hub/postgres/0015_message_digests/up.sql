-- SHA-256 over everything else in the row, so that an audit finds a byte that was altered. Absent in rows that are older.
ALTER TABLE message ADD COLUMN digest BYTEA;
ALTER TABLE envelope ADD COLUMN digest BYTEA;
