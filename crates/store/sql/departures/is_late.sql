SELECT 1 FROM late_work WHERE hash = :hash;
