UPDATE recoveries SET explained = explained + 1 WHERE scope = :scope;
