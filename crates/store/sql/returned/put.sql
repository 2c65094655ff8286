INSERT INTO returned (hash, tries, refused_ms, app, device, belonging, news)
VALUES (:hash, 1, :refused_ms, :app, :device, :belonging, :news)
ON CONFLICT (hash) DO UPDATE SET tries = tries + 1, refused_ms = excluded.refused_ms, app = excluded.app,
  device = excluded.device, belonging = excluded.belonging, news = excluded.news;
