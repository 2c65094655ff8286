//! Unique strings through the whole journey, and the search for them in everything it left (`make canary`).

use anyhow::Result;
use std::path::Path;
use zoufang_tests::canary::{Ending, Report, prove_the_search, run, unplanted, without_a_reason};

#[test]
fn the_search_finds_a_canary_in_every_form_and_inside_compressed_streams() -> Result<()> {
    prove_the_search(2)
}

#[test]
fn nothing_personal_stands_in_the_open_wherever_a_journey_ended_or_was_killed() -> Result<()> {
    let program = Path::new(env!("CARGO_BIN_EXE_zoufang-canary"));
    let mut report = Report::default();
    for ending in [Ending::InOrder, Ending::Killed] {
        run(program, 2, ending, &mut report)?;
    }
    assert!(report.hits.is_empty(), "{:#?}", report.hits);
    assert_eq!(report.stale(), Vec::<String>::new(), "{:#?}", report.open);
    assert!(report.strings.len() > 130, "{:?}", report.strings);
    // Every input of every command that takes words got one, or is an exception with its reason.
    assert_eq!(unplanted(&report)?, Vec::<String>::new());
    assert_eq!(without_a_reason(&report)?, Vec::<String>::new());
    Ok(())
}
