-- Who a holder is, once for each account: sealed under a key that is not in this database (`subjects.key`). What tokens of
-- kind S are made of; it leaves the node in no other form. Times are microseconds since 1970 UTC.
CREATE TABLE subject (
    account    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed     BYTEA  NOT NULL,
    learned_at BIGINT NOT NULL
);
