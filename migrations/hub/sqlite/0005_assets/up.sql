-- The asset register: what project-type reductions come from, what other schemes list, and the conflicts between them.
-- Boxes around places are in 10^-7 degree.

-- One member's registration of one id, as it stands.
CREATE TABLE asset (
    asset TEXT NOT NULL,
    member_no INTEGER NOT NULL REFERENCES member (no),
    state SMALLINT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    activity TEXT NOT NULL,
    region TEXT NOT NULL,
    content TEXT NOT NULL,
    revised_at BIGINT NOT NULL,
    revision_index BIGINT NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (asset, member_no)
);
CREATE INDEX asset_of_member ON asset (member_no, asset);

-- Every revision, by the leaf that it is: what each process reads to catch up.
CREATE TABLE asset_revision (
    log_index BIGINT NOT NULL PRIMARY KEY,
    asset TEXT NOT NULL,
    member_no INTEGER NOT NULL REFERENCES member (no),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    activity TEXT NOT NULL,
    west INTEGER NOT NULL,
    south INTEGER NOT NULL,
    east INTEGER NOT NULL,
    north INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (asset, member_no, revision),
    CHECK (west <= east AND south <= north)
);

-- Which issuances name which assets. The issuer is the registrant.
CREATE TABLE asset_issuance (
    asset TEXT NOT NULL,
    issuance BLOB NOT NULL REFERENCES issuance (id),
    PRIMARY KEY (asset, issuance)
);
CREATE INDEX asset_issuance_issuance ON asset_issuance (issuance);

-- Entries of other schemes' lists, as last listed.
CREATE TABLE scheme_entry (
    scheme SMALLINT NOT NULL,
    reference TEXT NOT NULL,
    asset TEXT,
    activity TEXT NOT NULL,
    west INTEGER,
    south INTEGER,
    east INTEGER,
    north INTEGER,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (scheme, reference)
);
CREATE INDEX scheme_entry_asset ON scheme_entry (asset);
CREATE INDEX scheme_entry_log_index ON scheme_entry (log_index);

-- Two registrations, or a registration and an entry. The number is the leaf that opened it.
CREATE TABLE asset_conflict (
    id BIGINT NOT NULL PRIMARY KEY,
    kind SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    asset TEXT NOT NULL,
    member_no INTEGER NOT NULL REFERENCES member (no),
    other_asset TEXT,
    other_member_no INTEGER REFERENCES member (no),
    scheme SMALLINT,
    reference TEXT,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL,
    CHECK ((other_asset IS NULL) = (other_member_no IS NULL)),
    CHECK ((scheme IS NULL) = (reference IS NULL)),
    CHECK ((other_asset IS NULL) <> (scheme IS NULL))
);
CREATE INDEX asset_conflict_asset ON asset_conflict (asset);
CREATE INDEX asset_conflict_other_asset ON asset_conflict (other_asset);

CREATE TRIGGER asset_revision_fixed BEFORE UPDATE ON asset_revision BEGIN
    SELECT RAISE(ABORT, 'revisions of assets never change');
END;
CREATE TRIGGER asset_revision_kept BEFORE DELETE ON asset_revision BEGIN
    SELECT RAISE(ABORT, 'revisions of assets are never deleted');
END;
-- A conflict is decided once.
CREATE TRIGGER asset_conflict_final BEFORE UPDATE ON asset_conflict WHEN OLD.state >= 10 AND NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'an asset conflict is decided once');
END;
