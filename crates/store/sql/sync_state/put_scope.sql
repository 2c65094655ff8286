INSERT OR REPLACE INTO sync_scopes
  (scope, epoch, seq, digest, durable_seq, snapshot_token, snapshot_done, snapshot_total, loaded)
VALUES (:scope, :epoch, :seq, :digest, :durable_seq, :snapshot_token, :snapshot_done, :snapshot_total, :loaded);
