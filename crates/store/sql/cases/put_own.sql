INSERT OR REPLACE INTO case_words (id, words) VALUES (:id, :words);
