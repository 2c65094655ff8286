SELECT scope, sealed, device FROM reports ORDER BY scope;
