UPDATE staff SET person = :first WHERE id = :staff AND person IS NULL AND id <> :first;
