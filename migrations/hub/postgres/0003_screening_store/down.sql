DROP TABLE screening_spool;
DROP TABLE screening_epoch;
DROP TABLE screening_load;
DROP TABLE screening_key;
DROP TABLE screening_attempt;
DROP TABLE screening_run;
