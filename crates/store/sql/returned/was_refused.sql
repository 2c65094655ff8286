SELECT 1 FROM returned WHERE hash = :hash;
