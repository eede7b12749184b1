-- Runs of the store of tokens: a run that has no row here was never finished, and what it left in the store is deleted when a hub starts.
CREATE TABLE screening_run (
    run INTEGER NOT NULL PRIMARY KEY CHECK (run BETWEEN 1 AND 2147483647),
    issuance BLOB NOT NULL UNIQUE,
    named_log_index BIGINT NOT NULL
);

-- Under which key of the hub's own tokens are stored: a mark of it, empty for none. Written with the first screening, and never changed.
CREATE TABLE screening_key (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL
);
