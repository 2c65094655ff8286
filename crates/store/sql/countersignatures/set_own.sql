UPDATE own_countersignatures SET taken = max(taken, :taken), refused = :refused
WHERE problem = :problem AND closing = :closing;
