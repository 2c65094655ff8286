SELECT policy, kind, version, json, received_ms FROM policies WHERE policy = :policy;
