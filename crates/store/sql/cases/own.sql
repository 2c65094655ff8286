SELECT id, words FROM case_words;
