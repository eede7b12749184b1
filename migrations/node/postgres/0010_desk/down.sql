DROP TABLE desk_act;
DROP TABLE desk_attempt;
DROP TABLE desk_recovery_code;
DROP TABLE desk_factor;
DROP TABLE desk_session;
DROP TABLE staff;
