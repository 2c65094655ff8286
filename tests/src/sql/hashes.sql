SELECT hash FROM changes;
