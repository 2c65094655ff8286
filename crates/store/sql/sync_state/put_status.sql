UPDATE sync_status
SET last_try_ms = :last_try_ms, last_success_ms = :last_success_ms, last_problem = :last_problem,
    clock_skew_ms = :clock_skew_ms, second_copy = :second_copy, tick = :tick,
    syncs = :syncs, bytes_up = :bytes_up, bytes_down = :bytes_down;
