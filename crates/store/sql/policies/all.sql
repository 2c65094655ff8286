SELECT policy, kind, version, json, received_ms FROM policies ORDER BY received_ms, policy;
