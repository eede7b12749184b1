-- Challenge audits: which records of an issuance a member has to show to the regulator, and how it ended.

-- States: opened 2, answered 3, passed 10, failed 11, unanswered 12. The sealed answer is in the envelope that it came in, until
-- some time after the end; then the envelope's payload is emptied, and sealed_kept is false.
CREATE TABLE challenge (
    id BLOB NOT NULL PRIMARY KEY,
    issuance BLOB NOT NULL REFERENCES issuance (id),
    member_no INTEGER NOT NULL REFERENCES member (no),
    state SMALLINT NOT NULL,
    opened_at BIGINT NOT NULL,
    answer_until BIGINT NOT NULL,
    ended_at BIGINT,
    answer_envelope BLOB,
    sealed_kept BOOLEAN NOT NULL,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL
);
CREATE INDEX challenge_of_member ON challenge (member_no, id);
CREATE INDEX challenge_due ON challenge (answer_until) WHERE state = 2;
CREATE INDEX challenge_kept ON challenge (ended_at) WHERE sealed_kept;
