DELETE FROM drafts WHERE household = :household RETURNING draft;
