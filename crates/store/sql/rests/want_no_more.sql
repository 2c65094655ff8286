UPDATE rests SET wanted = 0 WHERE document = :document;
