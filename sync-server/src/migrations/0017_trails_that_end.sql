-- What a stopped device wrote in its trail is counted, since nobody can stop it once more (docs/adr/0053).
CREATE INDEX device_audit_handed_over ON device_audit (device, handed_over) WHERE handed_over = 1;

-- Which orders a device said it carried out, and whether a month was looked through, without reading whole trails.
CREATE INDEX device_audit_erased ON device_audit (device, object) WHERE action = 'document_erased';
CREATE INDEX device_audit_reviewed ON device_audit (object, device) WHERE action = 'audit_reviewed';
