UPDATE holds SET staff = :staff, sealed = :sealed WHERE document = :document;
