-- Claims: linked obligations that officers permitted, and what claims are found by.

-- A permission to link two obligations. States: active 2, revoked 10.
CREATE TABLE linked_permission (
    id BLOB NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL REFERENCES member (no),
    state SMALLINT NOT NULL,
    quantity_g BIGINT NOT NULL CHECK (quantity_g > 0),
    reserved_g BIGINT NOT NULL CHECK (reserved_g >= 0),
    used_g BIGINT NOT NULL CHECK (used_g >= 0),
    content TEXT NOT NULL,
    permitted_at BIGINT NOT NULL,
    log_index BIGINT NOT NULL,
    -- Invariant 11: never beyond what was permitted.
    CHECK (reserved_g + used_g <= quantity_g)
);
CREATE INDEX linked_permission_of_member ON linked_permission (member_no, id);

-- The obligations that each retirement meets: part 0 is its claim, part 1 the linked obligation. The retirement has the whole
-- claim; this is what it is looked up by.
CREATE TABLE claim (
    retirement BLOB NOT NULL REFERENCES retirement (id),
    part SMALLINT NOT NULL,
    member_no INTEGER NOT NULL,
    claimant TEXT NOT NULL,
    claimant_kind SMALLINT NOT NULL,
    purpose SMALLINT NOT NULL,
    year INTEGER NOT NULL,
    place TEXT NOT NULL,
    quantity_g BIGINT NOT NULL,
    permission BLOB REFERENCES linked_permission (id),
    PRIMARY KEY (retirement, part),
    CHECK ((part = 1) = (permission IS NOT NULL))
);
INSERT INTO claim
SELECT id, 0, member_no, json_extract(claim, '$.claimant'),
    CASE json_extract(claim, '$.claimant_kind') WHEN 'member' THEN 1 WHEN 'organisation' THEN 2 WHEN 'commitment' THEN 3 ELSE 4 END,
    CASE json_extract(claim, '$.use') WHEN 'event-neutrality' THEN 1 WHEN 'corporate-neutrality' THEN 2 WHEN 'product-neutrality' THEN 3
        WHEN 'ecological-compensation' THEN 4 WHEN 'ets-offset' THEN 5 WHEN 'personal-offset' THEN 6 WHEN 'public-welfare' THEN 7
        WHEN 'article6-ndc' THEN 8 ELSE 9 END,
    json_extract(claim, '$.year'), json_extract(claim, '$.place'), quantity_g, NULL
FROM retirement;
CREATE INDEX claim_of_claimant ON claim (claimant, year, purpose);
CREATE INDEX claim_of_place ON claim (place, year);
CREATE INDEX claim_of_year ON claim (year, claimant);
CREATE INDEX claim_of_member ON claim (member_no, year);
CREATE INDEX claim_under_permission ON claim (permission) WHERE permission IS NOT NULL;
