-- Full reconciliations with the hub that have ended. The report is the whole finding, as JSON. Times are microseconds since 1970
-- UTC. A repair names the two roles that decided it, never persons.
CREATE TABLE reconciliation (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    reason      SMALLINT NOT NULL,
    agreed      SMALLINT NOT NULL CHECK (agreed IN (0, 1)),
    ended_at    BIGINT   NOT NULL,
    cut_seq     BIGINT   NOT NULL CHECK (cut_seq >= 0),
    differences BIGINT   NOT NULL CHECK (differences >= 0),
    report      TEXT     NOT NULL,
    repaired_at BIGINT,
    repaired_by TEXT,
    approved_by TEXT,
    CHECK ((repaired_at IS NULL) = (repaired_by IS NULL) AND (repaired_at IS NULL) = (approved_by IS NULL)),
    CHECK (repaired_by <> approved_by)
);
