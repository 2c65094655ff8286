DELETE FROM set_aside;
