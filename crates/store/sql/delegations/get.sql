SELECT statement FROM delegation WHERE only = 1;
