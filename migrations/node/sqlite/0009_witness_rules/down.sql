ALTER TABLE witness DROP COLUMN doubted_at;
ALTER TABLE witness DROP COLUMN rules;
