-- The hub's ledger, log and feeds. Times are microseconds since 1970 UTC, quantities grams, factors millionths.
-- States and kinds are the storage numbers of the protocol's words; ids are the 16 bytes of a UUID version 7.

-- One row: taken FOR UPDATE first by every batch, so that one order holds among all hub processes.
CREATE TABLE log_head (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL CHECK (size >= 0),
    time_us BIGINT NOT NULL,
    governance_version BIGINT NOT NULL,
    frozen BOOLEAN NOT NULL,
    series_count BIGINT NOT NULL,
    member_count INTEGER NOT NULL,
    mapping_count INTEGER NOT NULL,
    chain BLOB NOT NULL
);

CREATE TABLE leaf (
    idx BIGINT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL
);

CREATE TABLE member (
    no INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    region TEXT NOT NULL,
    kind SMALLINT NOT NULL,
    status SMALLINT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL
);

CREATE TABLE member_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL REFERENCES member (no),
    public_key TEXT NOT NULL,
    status SMALLINT NOT NULL,
    first_index BIGINT,
    last_index BIGINT
);

CREATE TABLE officer (
    account TEXT NOT NULL PRIMARY KEY,
    role SMALLINT NOT NULL,
    password_hash TEXT NOT NULL,
    active BOOLEAN NOT NULL
);

CREATE TABLE policy (
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    content TEXT NOT NULL
);

CREATE TABLE methodology (
    reference TEXT NOT NULL PRIMARY KEY,
    publisher_no INTEGER NOT NULL REFERENCES member (no),
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL
);

CREATE TABLE mapping (
    no INTEGER NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    status SMALLINT NOT NULL,
    content TEXT NOT NULL,
    envelope TEXT NOT NULL,
    log_index BIGINT NOT NULL
);

-- Invariant 11: what was given under a mapping version in a calendar year (UTC+8) never exceeds its cap.
CREATE TABLE mapping_cap (
    mapping_no INTEGER NOT NULL REFERENCES mapping (no),
    year INTEGER NOT NULL,
    cap_g BIGINT,
    reserved_g BIGINT NOT NULL CHECK (reserved_g >= 0),
    committed_g BIGINT NOT NULL CHECK (committed_g >= 0),
    PRIMARY KEY (mapping_no, year),
    CHECK (cap_g IS NULL OR reserved_g + committed_g <= cap_g)
);

-- `issued` is the last serial of the series, and so the grams issued in it (invariant 2).
CREATE TABLE series (
    no BIGINT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    issued BIGINT NOT NULL CHECK (issued BETWEEN 0 AND 9007199254740991)
);

CREATE TABLE block (
    series_no BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    holder INTEGER NOT NULL,
    state SMALLINT NOT NULL,
    state_before SMALLINT,
    bound_to BLOB,
    issuance BLOB NOT NULL,
    uses SMALLINT NOT NULL,
    mapping_no INTEGER,
    factor_paid INTEGER NOT NULL CHECK (factor_paid BETWEEN 0 AND 1000000),
    buffered BOOLEAN NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (series_no, first),
    CHECK (first >= 1 AND last >= first AND last <= 9007199254740991),
    CHECK (state IN (1, 2, 3, 4, 10, 11, 12)),
    -- Invariants 4 and 5: whatever is reserved, pledged or final names what binds or ended it; what is held does not.
    CHECK ((state = 1 AND bound_to IS NULL) OR state = 4 OR bound_to IS NOT NULL),
    CHECK ((state = 4) = (state_before IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX block_of_holder ON block (holder, series_no, first);

-- Every outcome that the sequencer decided, for ever (2-protocol, idempotency).
CREATE TABLE message (
    member_no INTEGER NOT NULL,
    id BLOB NOT NULL,
    payload_sha256 BLOB NOT NULL,
    action SMALLINT NOT NULL,
    status SMALLINT NOT NULL,
    answer TEXT NOT NULL,
    envelope_sha256 BLOB,
    item INTEGER,
    -- Ids first: an id belongs to one member only, because it names what the message opens.
    PRIMARY KEY (id, member_no)
) WITHOUT ROWID;

-- Signed bytes as received; a batch once for all its items.
CREATE TABLE envelope (
    sha256 BLOB NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL,
    payload_type TEXT NOT NULL,
    payload BLOB NOT NULL,
    signatures TEXT NOT NULL
);

CREATE TABLE issuance (
    id BLOB NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL,
    local_reference TEXT NOT NULL,
    -- The root over its activity records: a member issues the same records once.
    records_root BLOB NOT NULL,
    state SMALLINT NOT NULL,
    unscreened BOOLEAN NOT NULL,
    series_no BIGINT,
    first BIGINT,
    last BIGINT,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    UNIQUE (member_no, local_reference),
    UNIQUE (member_no, records_root)
);

CREATE TABLE transfer (
    id BLOB NOT NULL PRIMARY KEY,
    source_no INTEGER NOT NULL,
    target_no INTEGER NOT NULL,
    state SMALLINT NOT NULL,
    purpose SMALLINT NOT NULL,
    valid_until BIGINT NOT NULL,
    delayed_until BIGINT,
    cap_year INTEGER NOT NULL,
    payload_sha256 BLOB NOT NULL,
    proposed_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT,
    log_index BIGINT NOT NULL,
    end_log_index BIGINT,
    content TEXT NOT NULL,
    CHECK (source_no <> target_no),
    CHECK ((state >= 10) = (ended_at IS NOT NULL))
);
CREATE INDEX transfer_open ON transfer (valid_until) WHERE state < 10;

-- Which members have dealt with each other before (T06 `first-dealing-delay`).
CREATE TABLE dealing (
    source_no INTEGER NOT NULL,
    target_no INTEGER NOT NULL,
    first_index BIGINT NOT NULL,
    PRIMARY KEY (source_no, target_no)
);

CREATE TABLE event (
    name TEXT NOT NULL PRIMARY KEY,
    state SMALLINT NOT NULL,
    basis SMALLINT NOT NULL,
    target_g BIGINT NOT NULL CHECK (target_g >= 0),
    -- The target, or what was already given when a smaller inventory replaced a larger one.
    ceiling_g BIGINT NOT NULL CHECK (ceiling_g >= target_g),
    reserved_g BIGINT NOT NULL CHECK (reserved_g >= 0),
    committed_g BIGINT NOT NULL CHECK (committed_g >= 0),
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    -- Invariant 11: never beyond the target.
    CHECK (reserved_g + committed_g <= ceiling_g)
);

CREATE TABLE donation (
    id BLOB NOT NULL PRIMARY KEY,
    event TEXT NOT NULL REFERENCES event (name),
    donor_no INTEGER NOT NULL,
    state SMALLINT NOT NULL,
    valid_until BIGINT NOT NULL,
    cap_year INTEGER NOT NULL,
    payload_sha256 BLOB NOT NULL,
    proposed_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT,
    log_index BIGINT NOT NULL,
    end_log_index BIGINT,
    content TEXT NOT NULL,
    CHECK ((state >= 10) = (ended_at IS NOT NULL))
);
CREATE INDEX donation_open ON donation (valid_until) WHERE state < 10;
CREATE INDEX donation_of_event ON donation (event, id);

-- One claim for each retirement or committed donation; a block names its claim in `bound_to` (invariant 5).
CREATE TABLE retirement (
    id BLOB NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL,
    quantity_g BIGINT NOT NULL,
    claim TEXT NOT NULL,
    blocks TEXT NOT NULL,
    retired_at BIGINT NOT NULL,
    log_index BIGINT NOT NULL
);

CREATE TABLE pledge (
    id BLOB NOT NULL PRIMARY KEY,
    debtor_no INTEGER NOT NULL,
    pledgee_no INTEGER NOT NULL,
    state SMALLINT NOT NULL,
    foreclosure_requested BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL
);

CREATE TABLE listing (
    member_no INTEGER NOT NULL,
    name TEXT NOT NULL,
    series_no BIGINT NOT NULL,
    quantity_g BIGINT NOT NULL,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (member_no, name)
);
CREATE INDEX listing_of_series ON listing (series_no);

CREATE TABLE feed_head (
    member_no INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    chain BLOB NOT NULL,
    lattice BLOB NOT NULL
);

CREATE TABLE feed_entry (
    member_no INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    chain BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (member_no, seq)
) WITHOUT ROWID;

-- Enrolment requests and one-time codes; not part of the ledger.
CREATE TABLE enrolment_code (
    member TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);
CREATE TABLE enrolment (
    id TEXT NOT NULL PRIMARY KEY,
    member TEXT NOT NULL,
    status SMALLINT NOT NULL,
    content TEXT NOT NULL
);

-- Invariant 3: a final state never changes.
CREATE TRIGGER block_final BEFORE UPDATE ON block WHEN OLD.state >= 10 BEGIN
    SELECT RAISE(ABORT, 'a block in a final state never changes');
END;
CREATE TRIGGER block_kept BEFORE DELETE ON block BEGIN
    SELECT RAISE(ABORT, 'blocks are never deleted');
END;
-- The log, stored outcomes and feeds only grow.
CREATE TRIGGER leaf_fixed BEFORE UPDATE ON leaf BEGIN SELECT RAISE(ABORT, 'leaves never change'); END;
CREATE TRIGGER leaf_kept BEFORE DELETE ON leaf BEGIN SELECT RAISE(ABORT, 'leaves are never deleted'); END;
CREATE TRIGGER message_fixed BEFORE UPDATE ON message BEGIN SELECT RAISE(ABORT, 'stored outcomes never change'); END;
CREATE TRIGGER feed_fixed BEFORE UPDATE ON feed_entry BEGIN SELECT RAISE(ABORT, 'feed entries never change'); END;

-- The hub's own members: 0 keeps officers' decisions, 1 holds the buffer that recognition sets aside.
INSERT INTO member VALUES (0, 'hub', 'CN', 4, 2, '枢纽', 'Hub');
INSERT INTO member VALUES (1, 'hub-buffer', 'CN', 4, 2, '枢纽缓冲账户', 'Hub buffer');
INSERT INTO log_head VALUES (1, 0, 0, 1, 0, 0, 1, 0, zeroblob(32));
