SELECT id, vetting, vetted_on IS NOT NULL FROM grants ORDER BY id;
