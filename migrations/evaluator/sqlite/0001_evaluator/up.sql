-- An evaluator's own store. Times are microseconds since 1970 UTC, an epoch is months since 2000-01, hashes and session ids
-- are hexadecimal. Shares of keys are not here: they are files, so that they can be destroyed.

-- One row a key generation that this evaluator took part in. States: 1 prepared, 2 committed, 3 aborted, 4 being
-- destroyed, 5 destroyed. One month has one key for ever, also after it was destroyed.
CREATE TABLE epoch_key (
    session    TEXT     NOT NULL PRIMARY KEY,
    epoch      SMALLINT NOT NULL,
    state      SMALLINT NOT NULL CHECK (state BETWEEN 1 AND 5),
    keys       TEXT,
    transcript TEXT,
    changed_at BIGINT   NOT NULL,
    CHECK (state = 3 OR (keys IS NOT NULL AND transcript IS NOT NULL))
);
CREATE UNIQUE INDEX epoch_key_epoch ON epoch_key (epoch) WHERE state <> 3;

-- Batches that were evaluated, so that one that is sent again counts once. The hash is of the blinded elements, which are
-- random to everybody but the member that made them. Deleted with the key of their month.
CREATE TABLE batch (
    member TEXT     NOT NULL,
    epoch  SMALLINT NOT NULL,
    sha256 TEXT     NOT NULL,
    items  BIGINT   NOT NULL CHECK (items > 0),
    PRIMARY KEY (member, epoch, sha256)
) WITHOUT ROWID;

CREATE TABLE counter (
    member    TEXT     NOT NULL,
    epoch     SMALLINT NOT NULL,
    evaluated BIGINT   NOT NULL CHECK (evaluated >= 0),
    last_at   BIGINT   NOT NULL,
    PRIMARY KEY (member, epoch)
) WITHOUT ROWID;

-- Who, which month, how many, when; never inputs or elements. `chain` is SHA-256 over the chain before and this entry.
CREATE TABLE audit (
    seq    INTEGER  NOT NULL PRIMARY KEY,
    at     BIGINT   NOT NULL,
    action SMALLINT NOT NULL,
    member TEXT     NOT NULL,
    epoch  SMALLINT NOT NULL,
    items  BIGINT   NOT NULL,
    chain  TEXT     NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- The signed statement of a month's keys, until the hub has it.
CREATE TABLE statement (
    epoch     SMALLINT NOT NULL PRIMARY KEY,
    envelope  TEXT     NOT NULL,
    not_after BIGINT   NOT NULL,
    answer    TEXT,
    answered  SMALLINT NOT NULL
);
