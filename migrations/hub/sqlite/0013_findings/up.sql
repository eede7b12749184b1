-- The findings of reconciliations: the reports that members send, and the serials of which the log says otherwise than the ledger.

-- A report is JSON, as the member wrote it; `examined` once the log was asked about its serials.
CREATE TABLE reconciliation_report (
    id BLOB NOT NULL PRIMARY KEY REFERENCES reconciliation (id),
    report BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    examined BOOLEAN NOT NULL
);

-- Nothing is done with the serials as long as they are open. The content is whose findings they are, and the serials.
CREATE TABLE contradiction (
    reconciliation BLOB NOT NULL PRIMARY KEY REFERENCES reconciliation (id),
    open BOOLEAN NOT NULL,
    content TEXT NOT NULL
);
