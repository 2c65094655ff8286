SELECT last_try_ms, last_success_ms, last_problem, clock_skew_ms, second_copy, tick, syncs, bytes_up, bytes_down
FROM sync_status;
