//! The whole system in one process: what scenario tests, journeys, benchmarks and the demo stand on.

pub mod relay;
