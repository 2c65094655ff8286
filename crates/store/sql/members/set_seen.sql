UPDATE devices SET seen_ms = :seen_ms WHERE device = :device;
