UPDATE grants SET vetted_on = :vetted_on, vetting = :vetting, vetted_by = :vetted_by WHERE id = :id;
