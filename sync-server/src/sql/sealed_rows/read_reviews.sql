SELECT hash, reason FROM reviews WHERE reason IS NOT NULL;
