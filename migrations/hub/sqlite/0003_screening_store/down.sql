DROP TABLE screening_key;
DROP TABLE screening_attempt;
DROP TABLE screening_run;
