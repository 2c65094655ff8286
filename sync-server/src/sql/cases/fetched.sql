UPDATE cases SET fetched_ms = coalesce(fetched_ms, :at_ms) WHERE id = :id;
