UPDATE drafts SET discarded_ms = :discarded_ms WHERE draft = :draft;
