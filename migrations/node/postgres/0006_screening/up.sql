-- Issuances whose activities are compared with those of other members. Quantities are whole grams, times are microseconds
-- since 1970 UTC.

-- How far the token stream of an issuance is. The stream itself is a file in `fingerprint.streams`. The header is what is
-- signed once the stream is whole.
CREATE TABLE token_stream (
    issuance   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state      SMALLINT NOT NULL,
    suite      TEXT     NOT NULL,
    header     TEXT     NOT NULL,
    staff      TEXT,
    activities BIGINT   NOT NULL CHECK (activities > 0),
    derived    BIGINT   NOT NULL CHECK (derived BETWEEN 0 AND activities),
    bytes      BIGINT   NOT NULL CHECK (bytes >= 0),
    uploaded   BIGINT   NOT NULL CHECK (uploaded BETWEEN 0 AND bytes),
    opened_at  BIGINT   NOT NULL,
    problem    TEXT
);
CREATE INDEX token_stream_state ON token_stream (state, issuance);

-- Activities that lie in a range of the issuance left_by and do not belong to it: their evidence was incomplete. Another
-- issuance may have taken them since.
CREATE TABLE activity_left_out (
    activity_id BIGINT NOT NULL PRIMARY KEY,
    series_id   BIGINT NOT NULL,
    reduction_g BIGINT NOT NULL CHECK (reduction_g >= 0),
    left_by     TEXT   NOT NULL,
    taken_by    TEXT
);
CREATE INDEX activity_left_out_series ON activity_left_out (series_id, activity_id);

-- Activities of an issuance that got no serials with the others, by their place in it, and whose they are.
CREATE TABLE held_activity (
    issuance   TEXT COLLATE "C" NOT NULL,
    place      BIGINT   NOT NULL CHECK (place >= 0),
    account    TEXT COLLATE "C"     NOT NULL,
    quantity_g BIGINT   NOT NULL CHECK (quantity_g >= 0),
    state      SMALLINT NOT NULL,
    PRIMARY KEY (issuance, place)
);

-- Conflicts with another issuance about one activity, as the feed told them.
CREATE TABLE conflict (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuance       TEXT,
    place          BIGINT   NOT NULL,
    quantity_g     BIGINT   NOT NULL,
    kinds          TEXT     NOT NULL,
    check_code     TEXT     NOT NULL,
    held_back      SMALLINT NOT NULL,
    other_member   TEXT     NOT NULL,
    other_issuance TEXT     NOT NULL,
    other_place    BIGINT   NOT NULL,
    deadline       BIGINT,
    opened_at      BIGINT   NOT NULL,
    state          SMALLINT NOT NULL,
    outcome        TEXT,
    reason         TEXT,
    resolved_at    BIGINT
);
CREATE INDEX conflict_state ON conflict (state, id);
