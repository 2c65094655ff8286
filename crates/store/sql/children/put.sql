INSERT OR REPLACE INTO children (child, household, unit, name, nickname, carer, sex, birth_date, opened_on, closed_on,
  file_number, id_number, pinyin, search, flags)
VALUES (:child, :household, :unit, :name, :nickname, :carer, :sex, :birth_date, :opened_on, :closed_on,
  :file_number, :id_number, :pinyin, :search, :flags);
