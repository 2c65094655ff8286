UPDATE cases SET state = :state, answered_by = :staff, answered_ms = :at_ms, number = :number, until_ms = :until_ms,
  declined = :declined, declined_digest = :declined_digest, file = :file, file_digest = :file_digest WHERE id = :id AND state = 'asked';
