SELECT 1 FROM audit
WHERE object = :object AND at_ms > :since_ms AND at_ms <= :now_ms AND action = :action AND staff = :staff
LIMIT 1;
