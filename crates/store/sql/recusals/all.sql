SELECT recusal, document, staff, stead, from_ms, until_ms FROM recusals ORDER BY from_ms, recusal, document;
