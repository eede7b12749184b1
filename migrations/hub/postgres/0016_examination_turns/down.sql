DROP INDEX reconciliation_report_received;
DROP TABLE examination_turn;
