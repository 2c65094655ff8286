//! A thousand requests no app of ours would send, of the twenty thousand `make malformed` sends.

use anyhow::Result;
use zoufang_tests::malformed::{Options, run, slow};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_the_server_never_fails_repeats_nothing_and_goes_on() -> Result<()> {
    let report = run(Options {
        requests: 1_000,
        seed: 70_001,
    })
    .await?;
    assert_eq!(report.findings, Vec::<String>::new(), "{report:?}");
    assert_eq!(
        (report.requests, report.server_errors, report.echoed),
        (1_000, 0, 0)
    );
    // Those that spoke slowly beside them were told so, and nobody was kept waiting for them.
    assert_eq!(report.slow, slow::SLOW as u64);
    assert!(
        report.by_status.get(&408).copied().unwrap_or_default() > 5,
        "{report:?}"
    );
    // Requests that all failed at the door would prove nothing.
    let answered = |status: u16| report.by_status.get(&status).copied().unwrap_or_default();
    assert!(answered(400) > 50 && answered(401) > 20, "{report:?}");
    assert!(answered(200) > 20, "{report:?}");
    Ok(())
}
