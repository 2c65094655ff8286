-- SQLCipher writes its errors to stderr by default, and they may name pages of people's records.
PRAGMA cipher_log_level = NONE;
