SELECT place, address, size, digest FROM blobs WHERE place > :place ORDER BY place;
