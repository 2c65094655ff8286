SELECT child, household, unit, name, nickname, carer, sex, birth_date, opened_on, closed_on, file_number, id_number,
       pinyin, search, flags,
       (SELECT count(*) FROM conflicts WHERE conflicts.document = children.child AND place = 0) AS conflicts
FROM children
WHERE household = :household
ORDER BY birth_date, child;
