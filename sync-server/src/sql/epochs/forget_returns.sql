DELETE FROM returns;
