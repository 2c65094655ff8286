SELECT number, file_name, file FROM exports WHERE id = :id AND file IS NOT NULL AND until_ms > :now_ms;
