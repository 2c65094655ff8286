DELETE FROM countersignatures WHERE problem = :problem;
