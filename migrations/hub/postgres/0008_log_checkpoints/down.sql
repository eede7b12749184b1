DROP TABLE log_checkpoint;
