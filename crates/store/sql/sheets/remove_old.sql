DELETE FROM sheets WHERE begun_ms < :before_ms;
