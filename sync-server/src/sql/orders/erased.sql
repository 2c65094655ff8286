SELECT generation FROM erased WHERE mark = :mark;
