SELECT 1 FROM exports WHERE file IS NOT NULL AND until_ms <= :now_ms;
