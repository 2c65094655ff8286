//! Stories of the whole system: the real server on a free port, real devices with real files, a bad network.

mod main_job;
