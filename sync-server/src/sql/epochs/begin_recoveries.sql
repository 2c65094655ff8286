INSERT OR REPLACE INTO recoveries (scope, lost_epoch, since_ms, from_seq)
SELECT id, :lost_epoch, :since_ms, last_seq FROM scopes;
