SELECT id, words FROM opened_tablets ORDER BY id;
