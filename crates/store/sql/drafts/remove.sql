DELETE FROM drafts WHERE draft = :draft;
