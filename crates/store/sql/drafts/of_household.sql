SELECT draft, household, form, answers, position, children, created_ms, updated_ms, discarded_ms
FROM drafts WHERE household = :household AND discarded_ms IS NULL ORDER BY updated_ms DESC LIMIT 1;
