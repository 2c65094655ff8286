SELECT id, at_ms, device, words FROM opened_tablets ORDER BY at_ms, id;
