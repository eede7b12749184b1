-- The flow of an issuance: upload, screening, conflicts and what follows from them.

-- When its header came: a token stream that is not there a day later is awaited no more.
ALTER TABLE issuance ADD COLUMN registered_at BIGINT NOT NULL DEFAULT 0;
-- Activities that were held back: those that wait, and those that were refused; and what was reversed.
ALTER TABLE issuance ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0 CHECK (waiting >= 0);
ALTER TABLE issuance ADD COLUMN waiting_g BIGINT NOT NULL DEFAULT 0 CHECK (waiting_g >= 0);
ALTER TABLE issuance ADD COLUMN refused BIGINT NOT NULL DEFAULT 0 CHECK (refused >= 0);
ALTER TABLE issuance ADD COLUMN refused_g BIGINT NOT NULL DEFAULT 0 CHECK (refused_g >= 0);
ALTER TABLE issuance ADD COLUMN reversed_g BIGINT NOT NULL DEFAULT 0 CHECK (reversed_g >= 0);
CREATE INDEX issuance_pending ON issuance (log_index) WHERE state < 10;

-- Which serials an activity has: pages of 4,096 activities, each its grams as a variable-length number, with a mark
-- where it was held back. `before_g` is the grams of the clean activities of the pages before. Only those of
-- the attempt that the issuance's run names count.
CREATE TABLE issuance_page (
    attempt BLOB NOT NULL,
    first_index BIGINT NOT NULL,
    before_g BIGINT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (attempt, first_index)
) WITHOUT ROWID;

-- The same of activities that others collided with: who loses is decided from the ledger alone, so that it can be decided again.
CREATE TABLE activity_position (
    issuance BLOB NOT NULL,
    idx BIGINT NOT NULL,
    before_g BIGINT NOT NULL,
    grams BIGINT NOT NULL,
    PRIMARY KEY (issuance, idx)
) WITHOUT ROWID;

-- Activities that were held back, and activities with serials that lost a conflict.
CREATE TABLE contested_activity (
    issuance BLOB NOT NULL,
    idx BIGINT NOT NULL,
    quantity_g BIGINT NOT NULL CHECK (quantity_g >= 0),
    state SMALLINT NOT NULL,
    first BIGINT,
    last BIGINT,
    successor_issuance BLOB,
    successor_idx BIGINT,
    PRIMARY KEY (issuance, idx)
) WITHOUT ROWID;

CREATE INDEX contested_successor ON contested_activity (successor_issuance, successor_idx) WHERE successor_issuance IS NOT NULL;

-- Tokens that no longer belong to the activity that the screening store has them under.
CREATE TABLE token_owner (
    epoch INTEGER NOT NULL,
    token BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    issuance BLOB NOT NULL,
    idx BIGINT NOT NULL,
    PRIMARY KEY (epoch, token, kind)
) WITHOUT ROWID;

-- Activities that have a token which another one had first: whoever has it next is compared with these, too.
CREATE TABLE token_share (
    epoch INTEGER NOT NULL,
    token BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    attempt BLOB NOT NULL,
    idx BIGINT NOT NULL,
    PRIMARY KEY (epoch, token, kind, attempt, idx)
) WITHOUT ROWID;
CREATE INDEX token_share_of_attempt ON token_share (attempt);

CREATE TABLE conflict (
    id BLOB NOT NULL PRIMARY KEY,
    earlier_no INTEGER NOT NULL,
    earlier_issuance BLOB NOT NULL,
    earlier_idx BIGINT NOT NULL,
    later_no INTEGER NOT NULL,
    later_issuance BLOB NOT NULL,
    later_idx BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    opened_at BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    outcome SMALLINT,
    resolved_at BIGINT,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    end_log_index BIGINT,
    UNIQUE (later_issuance, later_idx, earlier_issuance, earlier_idx),
    CHECK ((state >= 10) = (outcome IS NOT NULL))
);
CREATE INDEX conflict_open ON conflict (deadline) WHERE state < 10;
CREATE INDEX conflict_of_earlier ON conflict (earlier_no, id);
CREATE INDEX conflict_of_later ON conflict (later_no, id);
CREATE INDEX conflict_of_activity ON conflict (earlier_issuance, earlier_idx);

CREATE TABLE conflict_statement (
    conflict BLOB NOT NULL,
    log_index BIGINT NOT NULL,
    member_no INTEGER NOT NULL,
    said_at BIGINT NOT NULL,
    concede BOOLEAN NOT NULL,
    statement TEXT NOT NULL,
    PRIMARY KEY (conflict, log_index)
) WITHOUT ROWID;

CREATE TABLE debt (
    id BLOB NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL,
    quantity_g BIGINT NOT NULL CHECK (quantity_g > 0),
    covered_g BIGINT NOT NULL CHECK (covered_g BETWEEN 0 AND quantity_g),
    log_index BIGINT NOT NULL
);
CREATE INDEX debt_open ON debt (member_no) WHERE covered_g < quantity_g;

-- The token keys of a month, which all its evaluators state.
CREATE TABLE token_epoch (
    epoch INTEGER NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);

-- A conflict that was decided is decided; what was said stays.
CREATE TRIGGER conflict_final BEFORE UPDATE ON conflict WHEN OLD.state >= 10 BEGIN
    SELECT RAISE(ABORT, 'a conflict that was decided never changes');
END;
CREATE TRIGGER conflict_kept BEFORE DELETE ON conflict BEGIN
    SELECT RAISE(ABORT, 'conflicts are never deleted');
END;
