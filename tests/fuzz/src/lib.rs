//! What the libFuzzer targets share: the target's function by name, and its seeds as a corpus.

/// Runs a target of `zoufang_tests::fuzz`.
///
/// # Panics
/// There is no such target, or it found something.
pub fn run(name: &str, bytes: &[u8]) {
    let target = zoufang_tests::fuzz::target(name).expect("a target of that name");
    (target.run)(bytes);
}
