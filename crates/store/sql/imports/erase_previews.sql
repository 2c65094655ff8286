-- A row of the register tells of the child and of its household.
DELETE FROM import_batches
WHERE state = 'preview'
  AND batch IN (SELECT batch FROM import_rows
                WHERE document = :document OR document IN (SELECT child FROM children WHERE household = :document));
