DROP TABLE screening_run;
