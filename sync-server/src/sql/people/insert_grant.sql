INSERT INTO grants (id, staff, from_ms, until_ms, words, vetted_on, vetting, vetted_by, granted_by)
VALUES (:id, :staff, :from_ms, :until_ms, :words, :vetted_on, :vetting, :vetted_by, :granted_by);
