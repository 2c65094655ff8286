UPDATE delegated SET told = 1 WHERE told = 0;
