DELETE FROM sheets WHERE sheet = :sheet;
