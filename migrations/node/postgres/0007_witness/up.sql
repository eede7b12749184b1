-- What this node has verified of the hub's transparency log, and what it keeps as evidence against it. Sizes are numbers of
-- leaves; times are microseconds since 1970 UTC unless they say otherwise.

-- One row. The head is written before it is cosigned, so that no two processes can sign two histories. cosigned_at is in
-- seconds and never goes back. Leaves before `checked` were compared with the feed; checked_hashes are the subtrees over them.
CREATE TABLE witness (
    id             SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    log_key        TEXT     NOT NULL,
    configured_key TEXT,
    next_key       TEXT,
    proposed_key   TEXT,
    size           BIGINT   NOT NULL CHECK (size >= 0),
    root           TEXT     NOT NULL,
    note           TEXT     NOT NULL,
    cosigned_at    BIGINT   NOT NULL,
    posted         BIGINT   NOT NULL,
    witnessed      BIGINT   NOT NULL,
    checked        BIGINT   NOT NULL CHECK (checked >= 0),
    checked_hashes TEXT     NOT NULL,
    reports_read   BIGINT   NOT NULL,
    stopped        SMALLINT NOT NULL CHECK (stopped IN (0, 1))
);

-- What contradicts the log, for ever: two notes, or a leaf and a feed entry. A person ends the alarm, never the evidence.
CREATE TABLE log_evidence (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at            BIGINT   NOT NULL,
    kind          SMALLINT NOT NULL,
    first         TEXT     NOT NULL,
    second        TEXT     NOT NULL,
    proof         TEXT     NOT NULL,
    detail        TEXT     NOT NULL,
    reported_by   TEXT,
    stops         SMALLINT NOT NULL CHECK (stops IN (0, 1)),
    ended_at      BIGINT,
    ended_because TEXT
);

CREATE INDEX feed_entry_log_index ON feed_entry (log_index);
CREATE INDEX feed_entry_type ON feed_entry (type, seq);
