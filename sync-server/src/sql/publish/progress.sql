SELECT coalesce((SELECT min(id) - 1 FROM changes WHERE seq = 0), (SELECT coalesce(max(id), 0) FROM changes)),
       (SELECT count(*) FROM changes WHERE seq = 0);
