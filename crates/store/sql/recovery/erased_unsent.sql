SELECT coalesce(sum(unsent), 0) AS unsent FROM erased;
