DROP TABLE statement;
DROP TABLE audit;
DROP TABLE counter;
DROP TABLE batch;
DROP TABLE epoch_key;
