UPDATE cases SET file = NULL WHERE file IS NOT NULL AND until_ms <= :now_ms;
