INSERT OR REPLACE INTO policies (policy, kind, version, json, received_ms)
VALUES (:policy, :kind, :version, :json, :received_ms);
