SELECT began_ms, cause FROM epochs WHERE epoch = :epoch;
