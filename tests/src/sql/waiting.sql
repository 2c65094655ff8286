SELECT count(*) FROM changes WHERE seq = 0;
