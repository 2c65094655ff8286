SELECT 1 FROM late_work WHERE document = :document AND own = 1 AND state <> 'taken';
