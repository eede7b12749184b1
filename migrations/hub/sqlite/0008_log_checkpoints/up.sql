-- Heads of the transparency log: claimed before they are signed, so that nothing else is ever signed for a size. `note` is the signed checkpoint.
CREATE TABLE log_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY CHECK (size >= 0),
    root BLOB NOT NULL,
    note TEXT
);
