SELECT sheet, about, document, words, changed_ms FROM sheets WHERE about = :about;
