-- The leaf from which on nothing counts that a key has signed, where it came into other hands.
ALTER TABLE member_key ADD COLUMN distrusted_from BIGINT;
