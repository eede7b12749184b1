-- Activity records and their import. Quantities are whole grams, times are microseconds since 1970 UTC.

-- Methodology versions that this node has quantified with, as published.
CREATE TABLE methodology (
    reference  TEXT   NOT NULL PRIMARY KEY,
    content    TEXT   NOT NULL,
    learned_at BIGINT NOT NULL
);

-- Platforms that record activities, by a short number.
CREATE TABLE activity_source (
    id   BIGINT NOT NULL PRIMARY KEY,
    name TEXT   NOT NULL UNIQUE
);

-- What becomes one series when it is issued.
CREATE TABLE activity_series (
    id            BIGINT   NOT NULL PRIMARY KEY,
    methodology   TEXT     NOT NULL,
    unit          TEXT     NOT NULL,
    region_of_act TEXT     NOT NULL,
    vintage       SMALLINT NOT NULL,
    UNIQUE (methodology, region_of_act, vintage)
);

-- One row. Every transaction that adds activities takes its ids here, so that none can appear below an id that another
-- transaction has already seen.
CREATE TABLE activity_counter (
    id      SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    next_id BIGINT   NOT NULL
);
INSERT INTO activity_counter (id, next_id) VALUES (1, 1);

-- Up to 1,000 activities of one series with consecutive ids, in the order of import. Rows are never changed; whether their
-- activities are issued, activity_issuance says.
CREATE TABLE activity_page (
    first_id    BIGINT NOT NULL PRIMARY KEY CHECK (first_id >= 1),
    last_id     BIGINT NOT NULL CHECK (last_id >= first_id),
    series_id   BIGINT NOT NULL,
    reduction_g BIGINT NOT NULL CHECK (reduction_g >= 0),
    content     BLOB   NOT NULL
);
CREATE UNIQUE INDEX activity_page_series ON activity_page (series_id, first_id);

-- The record ids of a platform that are taken, each with its activity: those from first_key up to the first_key of the next
-- row. Every activity is in exactly one of them; both are written in one transaction, behind activity_counter.
CREATE TABLE activity_record_page (
    source_id BIGINT NOT NULL,
    first_key BLOB   NOT NULL,
    content   BLOB   NOT NULL,
    PRIMARY KEY (source_id, first_key)
);

-- The activities of a series with an id in first_id..=last_id belong to this issuance: whole pages. Ranges of one series
-- never overlap.
CREATE TABLE activity_issuance (
    series_id BIGINT NOT NULL,
    first_id  BIGINT NOT NULL,
    last_id   BIGINT NOT NULL CHECK (last_id >= first_id),
    issuance  TEXT NOT NULL,
    PRIMARY KEY (series_id, first_id)
);
CREATE INDEX activity_issuance_of ON activity_issuance (issuance);

-- The import of one file under one methodology, and how far it is. Written with the records, in one transaction.
CREATE TABLE import_job (
    id            TEXT     NOT NULL PRIMARY KEY,
    number        BIGINT   NOT NULL UNIQUE,
    methodology   TEXT     NOT NULL,
    format        TEXT     NOT NULL,
    state         SMALLINT NOT NULL,
    bytes_total   BIGINT   NOT NULL,
    bytes_done    BIGINT   NOT NULL,
    lines_done    BIGINT   NOT NULL,
    added         BIGINT   NOT NULL,
    already_there BIGINT   NOT NULL,
    refused       BIGINT   NOT NULL,
    started_at    BIGINT   NOT NULL,
    updated_at    BIGINT   NOT NULL,
    ended_at      BIGINT,
    problem       TEXT
);

-- Which activity ids a job was given: from which file, and from about which line, a record came.
CREATE TABLE import_batch (
    first_id   BIGINT NOT NULL PRIMARY KEY,
    last_id    BIGINT NOT NULL,
    job        BIGINT NOT NULL,
    first_line BIGINT NOT NULL
);
CREATE INDEX import_batch_job ON import_batch (job, first_id);

-- Lines that were not counted; a limited number a job, its `refused` counts all.
CREATE TABLE import_error (
    job     BIGINT   NOT NULL,
    line    BIGINT   NOT NULL,
    "check" TEXT     NOT NULL,
    field   TEXT     NOT NULL,
    message TEXT     NOT NULL,
    PRIMARY KEY (job, line)
);

-- What a job added to each series.
CREATE TABLE import_total (
    job         BIGINT NOT NULL,
    series_id   BIGINT NOT NULL,
    count       BIGINT NOT NULL,
    quantity    TEXT   NOT NULL,
    reduction_g BIGINT NOT NULL,
    PRIMARY KEY (job, series_id)
);

-- Bearer tokens of the platform's programs: never the token, only its SHA-256.
CREATE TABLE api_token (
    name         TEXT   NOT NULL PRIMARY KEY,
    token_sha256 TEXT   NOT NULL UNIQUE,
    scopes       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    revoked_at   BIGINT
);
