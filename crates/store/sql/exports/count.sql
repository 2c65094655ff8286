SELECT count(*) FROM exports;
