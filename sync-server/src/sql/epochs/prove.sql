UPDATE recoveries
SET proven_seq = max(proven_seq, :seq), proven_orders = max(proven_orders, :orders)
WHERE scope = :scope;
