UPDATE wipes SET receipt = :receipt, receipt_ms = :receipt_ms WHERE device = :device AND receipt IS NULL;
