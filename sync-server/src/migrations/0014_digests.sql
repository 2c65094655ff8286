-- Secret halves of a station's keys are sealed to others, so the server cannot open what it keeps. A digest, made when they
-- came, says later whether they are what came; those of before get theirs when the database is opened.
ALTER TABLE unit_keys ADD COLUMN digest BLOB;      -- over the half sealed to the district
ALTER TABLE unit_key_wraps ADD COLUMN digest BLOB;
