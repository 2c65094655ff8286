SELECT hash FROM changes
WHERE document = :document AND actor = :actor AND actor_seq = :actor_seq;
