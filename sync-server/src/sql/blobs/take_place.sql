UPDATE blob_places SET last = last + 1;
