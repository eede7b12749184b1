-- What a restored hub may ask for, and what is left when it cannot be given. Times are microseconds since 1970 UTC.

-- Batches as they were signed: with the payloads of the outbox, in the order of `items`, they can be put together again.
CREATE TABLE outbox_batch (
    id         TEXT   NOT NULL PRIMARY KEY,
    issued_at  BIGINT NOT NULL,
    not_after  BIGINT NOT NULL,
    items      TEXT   NOT NULL,
    sha256     TEXT   NOT NULL,
    signatures TEXT   NOT NULL
);

-- Entries of a feed that the hub has given up for a new origin of its log: evidence of what it once said.
CREATE TABLE orphaned_entry (
    origin    BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    type      TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    log_index BIGINT NOT NULL,
    chain     TEXT   NOT NULL,
    entry     TEXT   NOT NULL,
    PRIMARY KEY (origin, seq)
);
