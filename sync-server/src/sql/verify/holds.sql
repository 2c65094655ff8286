SELECT document, sealed, staff IS NOT NULL FROM holds ORDER BY document;
