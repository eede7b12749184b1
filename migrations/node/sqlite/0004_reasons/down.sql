ALTER TABLE journal DROP COLUMN reason;
