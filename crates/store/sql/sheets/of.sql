SELECT sheet FROM sheets WHERE about = :about;
