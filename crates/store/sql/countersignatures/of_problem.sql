SELECT problem, closing, verdict, at_ms, staff, name, epoch, reason FROM countersignatures
WHERE problem = :problem ORDER BY at_ms, closing;
