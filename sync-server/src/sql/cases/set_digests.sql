UPDATE cases SET reason_digest = coalesce(reason_digest, :reason), declined_digest = coalesce(declined_digest, :declined),
  file_digest = coalesce(file_digest, :file) WHERE id = :id;
