INSERT INTO opened_tablets (id, at_ms, device, words) VALUES (:id, :at_ms, :device, :words);
