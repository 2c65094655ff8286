SELECT at_ms FROM revoked WHERE device = :device;
