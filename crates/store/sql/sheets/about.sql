SELECT about FROM sheets WHERE sheet = :sheet;
