-- Accounts of the platform's staff, and what the console keeps of them. Hashes are hexadecimal; times are microseconds since 1970 UTC.

-- role: 1 viewer, 2 operator, 3 approver. Withdrawn accounts stay: what they did names them.
CREATE TABLE staff (
    name          TEXT NOT NULL PRIMARY KEY,
    role          SMALLINT NOT NULL CHECK (role BETWEEN 1 AND 3),
    password_hash TEXT     NOT NULL,
    active        SMALLINT NOT NULL CHECK (active IN (0, 1))
);

-- The token itself is in the browser's cookie only. A session ends when the account's password changes.
CREATE TABLE desk_session (
    token_sha256    TEXT NOT NULL PRIMARY KEY,
    account         TEXT   NOT NULL,
    password_sha256 TEXT   NOT NULL,
    csrf            TEXT   NOT NULL,
    began_at        BIGINT NOT NULL,
    seen_at         BIGINT NOT NULL,
    confirmed_at    BIGINT
);

-- RFC 6238. `last_step` is the last step whose code was taken: no code counts twice.
CREATE TABLE desk_factor (
    account   TEXT NOT NULL PRIMARY KEY,
    secret    BLOB NOT NULL,
    enrolled  SMALLINT NOT NULL CHECK (enrolled IN (0, 1)),
    last_step BIGINT NOT NULL
);
CREATE TABLE desk_recovery_code (
    account     TEXT NOT NULL,
    code_sha256 TEXT NOT NULL,
    PRIMARY KEY (account, code_sha256)
);

-- Attempts to sign in or to show a code, by account and by address.
CREATE TABLE desk_attempt (
    subject      TEXT NOT NULL PRIMARY KEY,
    failures     BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

-- What was done in the console, and by whom.
CREATE TABLE desk_act (
    id      TEXT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    account TEXT   NOT NULL,
    address TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    outcome TEXT   NOT NULL
);
