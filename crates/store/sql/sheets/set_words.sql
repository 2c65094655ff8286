UPDATE sheets SET words = :words, changed_ms = :changed_ms WHERE sheet = :sheet;
