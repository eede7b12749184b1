-- Recognition: attribute sheets, published factors, registries, and mappings from proposal to end.

-- Every publication of a sheet; the highest revision is the one in force.
CREATE TABLE sheet (
    reference TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    publisher_no INTEGER REFERENCES member (no),
    content TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    published_at BIGINT NOT NULL,
    log_index BIGINT NOT NULL,
    PRIMARY KEY (reference, revision)
);

-- Emission factor records that officers published beside the catalogue's.
CREATE TABLE factor_record (
    id TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL
);

-- What officers know of a member's registry.
CREATE TABLE registry (
    member_no INTEGER NOT NULL PRIMARY KEY REFERENCES member (no),
    content TEXT NOT NULL
);

-- A mapping's content is no longer its record alone, but all that is known of it beside its state. States: active 6, suspended 7,
-- superseded 8 (they were 1, 2, 3).
UPDATE mapping SET
    status = status + 5,
    content = '{"record":' || content || ',"envelope":' || json_quote(envelope) || '}';
ALTER TABLE mapping DROP COLUMN envelope;

-- Why a mapping's factor is what it is, or why there is none: as last examined.
CREATE TABLE mapping_explanation (
    mapping_no INTEGER NOT NULL PRIMARY KEY REFERENCES mapping (no),
    content TEXT NOT NULL
);

CREATE TABLE mapping_comment (
    mapping_no INTEGER NOT NULL REFERENCES mapping (no),
    log_index BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (mapping_no, log_index)
);

-- Rows of imported mapping sets: candidates, none of which recognises anything.
CREATE TABLE mapping_candidate (
    id TEXT NOT NULL PRIMARY KEY,
    set_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    object TEXT,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL
);
CREATE INDEX mapping_candidate_subject ON mapping_candidate (subject);
CREATE INDEX mapping_candidate_object ON mapping_candidate (object);
