INSERT OR REPLACE INTO drafts (draft, household, form, answers, position, children, created_ms, updated_ms, discarded_ms)
VALUES (:draft, :household, :form, :answers, :position, :children, :created_ms, :updated_ms, :discarded_ms);
