SELECT device, key, certificate, at_ms FROM delegated ORDER BY at_ms, device;
