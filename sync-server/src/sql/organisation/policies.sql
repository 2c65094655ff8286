SELECT id, json FROM policies ORDER BY id;
