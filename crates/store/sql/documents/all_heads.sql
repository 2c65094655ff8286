SELECT document, generation, heads FROM documents ORDER BY document;
