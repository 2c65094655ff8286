UPDATE holds SET sealed = ?1 WHERE document = ?2;
