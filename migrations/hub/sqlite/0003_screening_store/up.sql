-- Runs of the store of tokens: a run that has no row here was never finished, and what it left in the store is deleted when a hub starts.
CREATE TABLE screening_run (
    run INTEGER NOT NULL PRIMARY KEY CHECK (run BETWEEN 1 AND 2147483647),
    issuance BLOB NOT NULL UNIQUE,
    -- Under which its pages and shared tokens were written.
    attempt BLOB NOT NULL UNIQUE,
    named_log_index BIGINT NOT NULL
);

-- Attempts at a comparison since the last that was cleared up: what they wrote counts only where a run names them, and is deleted else.
CREATE TABLE screening_attempt (
    attempt BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- Under which key of the hub's own tokens are stored: a mark of it, empty for none. Written with the first screening, and never changed.
CREATE TABLE screening_key (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BLOB NOT NULL
);
