DELETE FROM drafts WHERE discarded_ms < :before_ms;
