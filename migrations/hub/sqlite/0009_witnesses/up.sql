-- When a head was claimed, and when it had its quorum of cosignatures and was published, in microseconds since 1970-01-01 UTC.
ALTER TABLE log_checkpoint ADD COLUMN claimed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE log_checkpoint ADD COLUMN published_at BIGINT;
-- Members' witnesses: verifier keys (C2SP signed-note). `candidate` waits for officers, `admitted` counts.
CREATE TABLE log_witness (
    member_no INTEGER NOT NULL PRIMARY KEY REFERENCES member (no),
    candidate TEXT,
    admitted TEXT,
    log_index BIGINT NOT NULL
);
-- The log's keys and the quorum, JSON; one row.
CREATE TABLE log_rules (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    content TEXT NOT NULL
);
-- Cosignatures of heads: of each witness those of heads that are kept, and its highest. `note` is the checkpoint with the log's
-- signatures and this witness's, `witness_key` the verifier key that made it; `cosigned_at` as the witness says, in seconds.
CREATE TABLE log_cosignature (
    member_no INTEGER NOT NULL REFERENCES member (no),
    size BIGINT NOT NULL CHECK (size >= 0),
    witness_key TEXT NOT NULL,
    cosigned_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (member_no, size)
);
CREATE INDEX log_cosignature_by_size ON log_cosignature (size);
