ALTER TABLE member_key DROP COLUMN distrusted_from;
