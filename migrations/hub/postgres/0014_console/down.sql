DROP TABLE console_approval;
DROP TABLE console_act;
DROP TABLE console_attempt;
DROP TABLE console_recovery_code;
DROP TABLE console_factor;
DROP TABLE console_session;
