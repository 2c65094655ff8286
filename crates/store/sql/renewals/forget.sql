DELETE FROM renewals WHERE document = :document;
