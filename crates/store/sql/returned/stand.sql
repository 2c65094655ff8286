SELECT replaced_by, beside, deps FROM changes WHERE hash = :hash;
