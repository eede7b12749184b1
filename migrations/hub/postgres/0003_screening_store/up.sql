-- Runs of the store of tokens: a run that has no row here was never finished, and what it left in the store is deleted when a hub starts.
CREATE TABLE screening_run (
    run INTEGER NOT NULL PRIMARY KEY CHECK (run BETWEEN 1 AND 2147483647),
    issuance BYTEA NOT NULL UNIQUE,
    -- Under which its pages and shared tokens were written.
    attempt BYTEA NOT NULL UNIQUE,
    named_log_index BIGINT NOT NULL
);

-- Attempts at a comparison since the last that was cleared up: what they wrote counts only where a run names them, and is deleted else.
CREATE TABLE screening_attempt (
    attempt BYTEA NOT NULL PRIMARY KEY
);

-- Under which key of the hub's own tokens are stored: a mark of it, empty for none. Written with the first screening, and never changed.
CREATE TABLE screening_key (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    mark BYTEA NOT NULL
);

-- PostgreSQL only: with SQLite the store is files beside the database.

-- The tokens of an epoch are in a table of their own, screening_token_NUMBER (NUMBER: months since 2000-01), which the program makes
-- when it is first needed: (token UUID primary key, run INTEGER, owner INTEGER), owner being position * 4 + kind - 1. Not a partition:
-- its key would be a column in every row, 8 bytes with its alignment. In the archive it is archive_screening_token_NUMBER.

-- Runs whose tokens are stored, named or not. Written with the tokens, deleted with them. Who names a run locks its row first, so that
-- nobody can delete it meanwhile.
CREATE TABLE screening_load (
    run INTEGER NOT NULL PRIMARY KEY,
    stored BIGINT NOT NULL,
    confirmed BOOLEAN NOT NULL
);

-- Epochs: how many tokens, and whether they are in the archive.
CREATE TABLE screening_epoch (
    epoch SMALLINT NOT NULL PRIMARY KEY,
    tokens BIGINT NOT NULL,
    retired BOOLEAN NOT NULL
);

-- Token streams on their way in, in the pieces in which they came.
CREATE TABLE screening_spool (
    issuance BYTEA NOT NULL,
    start_byte BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (issuance, start_byte)
);
ALTER TABLE screening_spool ALTER COLUMN bytes SET STORAGE EXTERNAL;
