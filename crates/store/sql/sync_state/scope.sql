SELECT epoch, seq, digest, durable_seq, snapshot_token, snapshot_done, snapshot_total, loaded
FROM sync_scopes WHERE scope = :scope;
