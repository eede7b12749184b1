-- Reconciliations: a member compares its whole book with the hub's at one entry of its feed.

-- States: started 1, agreed 10, different 11. The content is the reason, the node's cursor, and the result once it has come.
CREATE TABLE reconciliation (
    id BYTEA NOT NULL PRIMARY KEY,
    member_no INTEGER NOT NULL REFERENCES member (no),
    state SMALLINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    content TEXT NOT NULL,
    log_index BIGINT NOT NULL
);
CREATE INDEX reconciliation_of_member ON reconciliation (member_no, id);
