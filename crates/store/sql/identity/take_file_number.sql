UPDATE identity SET file_next = file_next + 1;
