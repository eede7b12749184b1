-- When the log was last asked about a member's findings: whoever sends many reports has them compared one at a time.
CREATE TABLE examination_turn (
    member_no INTEGER NOT NULL PRIMARY KEY REFERENCES member (no),
    taken_at BIGINT NOT NULL
);

-- What came when, and what waits, without reading the reports.
CREATE INDEX reconciliation_report_received ON reconciliation_report (received_at, id, examined);
