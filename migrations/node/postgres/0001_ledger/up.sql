-- Quantities are whole grams, times are microseconds since 1970 UTC, ids and blocks are text.

CREATE TABLE account (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       SMALLINT NOT NULL,
    created_at BIGINT   NOT NULL
);
INSERT INTO account (id, kind, created_at) VALUES ('house', 3, 0), ('suspense', 4, 0);

-- What the hub says that this member holds. Written only when a feed entry is applied.
CREATE TABLE block (
    series       TEXT COLLATE "C"     NOT NULL,
    first        BIGINT   NOT NULL CHECK (first >= 1),
    last         BIGINT   NOT NULL CHECK (last >= first),
    state        SMALLINT NOT NULL,
    state_before SMALLINT,
    bound_to     TEXT,
    factor_paid  BIGINT   NOT NULL,
    buffered     SMALLINT NOT NULL,
    issuance     TEXT     NOT NULL,
    mapping      TEXT,
    uses         SMALLINT NOT NULL,
    PRIMARY KEY (series, first)
);
CREATE INDEX block_state ON block (state, series, first);

-- Which account holds which serials. The lots together are exactly the serials of the blocks that are not final.
CREATE TABLE lot (
    series      TEXT COLLATE "C"   NOT NULL,
    first       BIGINT NOT NULL CHECK (first >= 1),
    last        BIGINT NOT NULL CHECK (last >= first),
    account     TEXT COLLATE "C"   NOT NULL REFERENCES account (id),
    reserved_by TEXT,
    PRIMARY KEY (series, first)
);
CREATE INDEX lot_account ON lot (account, series, first);
CREATE INDEX lot_reserved_by ON lot (reserved_by);

-- Every arrival, departure and move of serials between accounts. `entry` names what caused it and makes it idempotent.
CREATE TABLE journal (
    entry        TEXT     NOT NULL,
    line         BIGINT   NOT NULL,
    at           BIGINT   NOT NULL,
    kind         SMALLINT NOT NULL,
    from_account TEXT,
    to_account   TEXT,
    series       TEXT COLLATE "C"     NOT NULL,
    first        BIGINT   NOT NULL,
    last         BIGINT   NOT NULL,
    subject      TEXT,
    PRIMARY KEY (entry, line)
);
CREATE INDEX journal_from ON journal (from_account, at);
CREATE INDEX journal_to ON journal (to_account, at);

CREATE TABLE outbox (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    place       BIGINT   NOT NULL UNIQUE,
    action      SMALLINT NOT NULL,
    payload     TEXT     NOT NULL,
    envelope    TEXT     NOT NULL,
    state       SMALLINT NOT NULL,
    attempts    INTEGER  NOT NULL,
    created_at  BIGINT   NOT NULL,
    not_after   BIGINT   NOT NULL,
    sent_at     BIGINT,
    answered_at BIGINT,
    log_index   BIGINT,
    outcome     TEXT,
    problem     TEXT
);
CREATE INDEX outbox_state ON outbox (state, place);

-- Transfers, donations, retirements, cancellations, pledges and issuances, from the message that opens them to their end.
CREATE TABLE dealing (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind        SMALLINT NOT NULL,
    direction   SMALLINT NOT NULL,
    account     TEXT,
    partner     TEXT,
    state       TEXT,
    decision    SMALLINT,
    quantity_g  BIGINT   NOT NULL,
    delivered_g BIGINT,
    buffered_g  BIGINT,
    cancelled_g BIGINT,
    opened_at   BIGINT   NOT NULL,
    ended_at    BIGINT,
    valid_until BIGINT,
    reason      TEXT,
    content     TEXT     NOT NULL
);
CREATE INDEX dealing_kind ON dealing (kind, direction, id);
CREATE INDEX dealing_decision ON dealing (decision, state);

-- To whom the serials of an issuance belong, in the order in which they are dealt.
CREATE TABLE share (
    issuance   TEXT   NOT NULL,
    line       BIGINT NOT NULL,
    account    TEXT COLLATE "C"   NOT NULL REFERENCES account (id),
    quantity_g BIGINT NOT NULL CHECK (quantity_g > 0),
    dealt_g    BIGINT NOT NULL CHECK (dealt_g >= 0 AND dealt_g <= quantity_g),
    PRIMARY KEY (issuance, line)
);

-- One row: how far the feed has been applied.
CREATE TABLE feed_cursor (
    id        SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    seq       BIGINT   NOT NULL,
    chain     TEXT     NOT NULL,
    log_index BIGINT   NOT NULL,
    lattice   TEXT     NOT NULL,
    state     SMALLINT NOT NULL,
    expected  TEXT,
    found     TEXT,
    latest    BIGINT   NOT NULL,
    heard_at  BIGINT
);

-- The feed as received: what the hub said, in its own bytes.
CREATE TABLE feed_entry (
    seq       BIGINT NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL,
    type      TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    log_index BIGINT NOT NULL,
    chain     TEXT   NOT NULL,
    entry     TEXT   NOT NULL
);
CREATE INDEX feed_entry_subject ON feed_entry (subject, seq);

-- Evidence of a feed that contradicts this node.
CREATE TABLE contradiction (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at       BIGINT   NOT NULL,
    seq      BIGINT   NOT NULL,
    state    SMALLINT NOT NULL,
    expected TEXT     NOT NULL,
    found    TEXT     NOT NULL,
    evidence TEXT     NOT NULL
);

-- The standing policy for offers: the first rule that fits decides.
CREATE TABLE acceptance_rule (
    place          BIGINT   NOT NULL PRIMARY KEY,
    source         TEXT,
    purpose        SMALLINT,
    methodology    TEXT,
    quantity_g_max BIGINT,
    verdict        SMALLINT NOT NULL,
    account        TEXT REFERENCES account (id)
);
