DROP TABLE contradiction;
DROP TABLE reconciliation_report;
