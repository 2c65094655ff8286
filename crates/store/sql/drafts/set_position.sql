UPDATE drafts SET position = :position WHERE draft = :draft;
