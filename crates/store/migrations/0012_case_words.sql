-- What this person wrote when a case was asked for or declined (docs/adr/0039): what leaves is sealed to somebody else.
CREATE TABLE case_words (
  id    BLOB PRIMARY KEY,
  words TEXT NOT NULL
) STRICT, WITHOUT ROWID;
