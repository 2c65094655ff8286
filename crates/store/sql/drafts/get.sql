SELECT draft, household, form, answers, position, children, created_ms, updated_ms, discarded_ms
FROM drafts WHERE draft = :draft;
