SELECT generation, founded, device FROM renewals WHERE document = :document;
