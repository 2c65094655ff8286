//! Time, processor time, medians, and the line a figure is printed as.

use std::time::{Duration, Instant};

/// What something cost: wall time, and processor time of the whole process (both ends of a sync run in it).
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub processor: Duration,
}

/// Runs from its making to [`Watch::stop`].
pub struct Watch {
    began: Instant,
    processor: Duration,
}

impl Watch {
    pub fn start() -> Self {
        Self {
            processor: processor_time(),
            began: Instant::now(),
        }
    }

    pub fn stop(self) -> Cost {
        let wall = self.began.elapsed();
        Cost {
            wall,
            processor: processor_time().saturating_sub(self.processor),
        }
    }
}

/// Nanoseconds on a processor over the threads alive now. Zero where the system does not say.
fn processor_time() -> Duration {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Duration::ZERO;
    };
    let nanoseconds = threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanoseconds)
}

/// Bytes this process has handed to the system for writing, files and sockets together.
pub fn written_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/io")
        .ok()
        .and_then(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
        })
        .unwrap_or(0)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The median of wall times in milliseconds.
pub fn wall(costs: &[Cost]) -> f64 {
    median(costs.iter().map(|cost| milliseconds(cost.wall)).collect())
}

/// The median of processor times in milliseconds.
pub fn processor(costs: &[Cost]) -> f64 {
    median(
        costs
            .iter()
            .map(|cost| milliseconds(cost.processor))
            .collect(),
    )
}

/// Prints a figure. `ratio` is the value divided by what it is held against: below 1 we are ahead.
pub fn print(name: &str, value: f64, unit: &str, against: &str, other: f64) {
    println!(
        "bench {name} value={} unit={unit} against={against} ratio={}",
        number(value),
        number(value / other)
    );
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
