-- Sessions, second factors, failures, acts and pending approvals of the console. Not part of the ledger: written beside the sequencer.

-- The token itself is in the browser's cookie only. A session ends when the account's password changes.
CREATE TABLE console_session (
    token_sha256 BYTEA NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    password_sha256 BYTEA NOT NULL,
    csrf TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    -- When the second factor was last shown.
    confirmed_at BIGINT
);

-- RFC 6238. `last_step` is the last step whose code was taken: no code counts twice.
CREATE TABLE console_factor (
    account TEXT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    enrolled BOOLEAN NOT NULL,
    last_step BIGINT NOT NULL
);
CREATE TABLE console_recovery_code (
    account TEXT NOT NULL,
    code_sha256 BYTEA NOT NULL,
    PRIMARY KEY (account, code_sha256)
);

-- Attempts to sign in, by account and by address.
CREATE TABLE console_attempt (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    since BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

-- What was done in the console, and by whom.
CREATE TABLE console_act (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL
);

-- Decisions that one officer has proposed and another has to approve; then they go to the ledger under the same id.
CREATE TABLE console_approval (
    id BYTEA NOT NULL PRIMARY KEY,
    decision TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    decide_until BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    claimed_by TEXT,
    ended_at BIGINT,
    outcome TEXT,
    CHECK (claimed_by IS NULL OR claimed_by <> proposed_by),
    CHECK ((state >= 10) = (ended_at IS NOT NULL))
);
CREATE INDEX console_approval_open ON console_approval (id) WHERE state < 10;
