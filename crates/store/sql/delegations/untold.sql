SELECT 1 FROM delegated WHERE told = 0;
