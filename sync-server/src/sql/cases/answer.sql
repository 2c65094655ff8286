UPDATE cases SET state = :state, answered_by = :staff, answered_ms = :at_ms, number = :number, until_ms = :until_ms,
  declined = :declined, file = :file WHERE id = :id AND state = 'asked';
