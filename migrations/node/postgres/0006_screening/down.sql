DROP TABLE conflict;
DROP TABLE held_activity;
DROP TABLE activity_left_out;
DROP TABLE token_stream;
