DELETE FROM drafts WHERE household = :document;
