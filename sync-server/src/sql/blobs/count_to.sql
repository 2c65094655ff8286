SELECT count(*) FROM blobs WHERE place <= :place;
