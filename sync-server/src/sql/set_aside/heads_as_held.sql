UPDATE heads SET state = 'held', code = NULL
WHERE substr(hash, 1, 8) IN (SELECT substr(head_hash, 1, 8) FROM set_aside) AND hash IN (SELECT head_hash FROM set_aside);
