SELECT file FROM cases WHERE id = :id AND device = :device AND until_ms > :now_ms AND file IS NOT NULL;
