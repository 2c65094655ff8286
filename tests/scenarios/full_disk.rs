//! A full disk: what was called saved stays, what does not fit says so and keeps its draft, and with room it goes on.

use anyhow::{Context, Result, bail, ensure};
use client::view::{
    AuditMonthView, ChildFileView, ProblemListView, ProblemView, SavedView, ShellKind,
    VisitFormView,
};
use ids::Role;
use protocol::CreateEnrolment;
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use zoufang_tests::story::{PIN, World, contact_input};

const DISK_BYTES: u32 = 12 << 20;
const IN_A_NAMESPACE: &str = "ZOUFANG_IN_A_NAMESPACE";

/// A disk of a few megabytes, unmounted when dropped.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(path: PathBuf) -> Result<Self> {
        fs::create_dir_all(&path)?;
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(&path)
            .output()
            .context("there is no mount command")?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(Self { path })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the tablet's files may still be open.
        let _ = Command::new("umount").arg("-l").arg(&self.path).output();
    }
}

/// Takes all the room that is left.
fn fill_up(path: &Path) -> Result<()> {
    let mut file = File::create(path)?;
    let mut piece = vec![1; 1 << 16];
    while !piece.is_empty() {
        if file.write_all(&piece).is_err() {
            piece.truncate(piece.len() / 2);
        }
    }
    Ok(())
}

/// The same test in a namespace of its own, where an ordinary user may mount.
fn again_in_a_namespace(test: &str, why: &anyhow::Error) -> Result<()> {
    ensure!(
        std::env::var_os(IN_A_NAMESPACE).is_none(),
        "a small disk cannot be mounted, not even in a namespace: {why:#}"
    );
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .arg(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(IN_A_NAMESPACE, "1")
        .output()
        .context("this test needs a small disk: run it as root, or install unshare (util-linux)")?;
    if !output.status.success() {
        bail!(
            "this test needs a small disk, and neither mount ({why:#}) nor a user namespace gives one, or it failed there:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_keeps_what_was_saved_and_the_draft_and_goes_on_when_there_is_room()
-> Result<()> {
    let world = World::new().await?;
    let disk = match SmallDisk::mount(world.folder().join("small-disk")) {
        Ok(disk) => disk,
        Err(why) => {
            world.township.stop().await;
            let name = "full_disk::a_full_disk_keeps_what_was_saved_and_the_draft_and_goes_on_when_there_is_room";
            return again_in_a_namespace(name, &why);
        }
    };
    on_a_small_disk(&world, &disk).await?;
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_shows_no_sealed_words_because_the_look_cannot_be_written_down() -> Result<()> {
    let world = World::new().await?;
    let disk = match SmallDisk::mount(world.folder().join("small-disk")) {
        Ok(disk) => disk,
        Err(why) => {
            world.township.stop().await;
            let name = "full_disk::a_full_disk_shows_no_sealed_words_because_the_look_cannot_be_written_down";
            return again_in_a_namespace(name, &why);
        }
    };
    sealed_on_a_small_disk(&world, &disk).await?;
    world.township.stop().await;
    Ok(())
}

async fn sealed_on_a_small_disk(world: &World, disk: &SmallDisk) -> Result<()> {
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("周子涵").await?;
    let _: SavedView = tablet
        .call(
            "report_problem",
            json!({"children": [child], "card": "hurt", "urgency": "now", "seen": "胳膊上有伤。",
                   "origin_record": null, "mandatory": {"choice": "reported", "text": "已打110。"}}),
        )
        .await?;
    tablet.sync().await?;
    let station = world.open_device(&disk.path.join("station"), ShellKind::Station)?;
    let code = world
        .township
        .server
        .create_enrolment(CreateEnrolment {
            unit: world.station.tablet()?.identity.scope,
            role: Role::Supervisor,
            person: "陈敏".to_owned(),
        })
        .await?;
    station.enrol(&world.township.server, &code, PIN).await?;
    let problems: ProblemListView = station.call("problems", json!(null)).await?;
    let problem = &problems.rows.first().context("it was reported")?.problem;
    let taken = json!({"problem": problem, "kind": "accepted", "text": ""});
    let _: ProblemView = station.call("add_problem_event", taken).await?;
    let problem = json!({"id": problem});
    // The station's key is given to this computer of hers.
    world.station.sync().await?;
    station.sync().await?;
    station.step_up().await?;

    let photos = disk.path.join("photos");
    fill_up(&photos)?;
    let refused = station.refusal("show_words", problem.clone()).await?;
    assert_eq!(refused.code, "look_not_noted");
    // What is not sealed is shown, and the look is counted.
    let file = json!({"id": child});
    let _: ChildFileView = station.call("child_file", file.clone()).await?;
    let today = station.tablet()?.today().to_string();
    let written = contact_input(&child, &today, "打过电话。");
    let _: SavedView = station.call("record_contact", written).await?;

    fs::remove_file(&photos)?;
    let view: ProblemView = station.call("show_words", problem).await?;
    assert!(
        view.events
            .iter()
            .any(|event| event.text.contains("胳膊上有伤"))
    );
    let month: AuditMonthView = station
        .call("audit_month", json!({"month": &today[..7]}))
        .await?;
    let counted = |action: &str| {
        let rows = month.events.iter().filter(|row| row.action == action);
        rows.filter_map(|row| row.count).sum::<u32>()
    };
    assert_eq!(counted("views_not_noted"), 1);
    let looks = month.people.iter().flat_map(|row| &row.looks);
    assert!(
        looks
            .into_iter()
            .any(|look| look.action == "view_restricted")
    );
    Ok(())
}

async fn on_a_small_disk(world: &World, disk: &SmallDisk) -> Result<()> {
    let tablet = world.open_tablet(&disk.path.join("tablet"))?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, PIN).await?;
    let (child, sibling) = (tablet.child("吴天宇").await?, tablet.child("郑可欣").await?);
    let form = tablet.begin_visit(&child).await?;
    world.cut_network();
    let today = tablet.tablet()?.today().to_string();

    let photos = disk.path.join("photos");
    assert!(!tablet.sync_page().await?.low_on_space);
    fill_up(&photos)?;
    assert!(
        tablet.sync_page().await?.low_on_space,
        "said before it fails"
    );
    let mut saved = Vec::new();
    let refusal = loop {
        let note = format!("第{}次电话。", saved.len() + 1);
        match tablet
            .app
            .call("record_contact", contact_input(&sibling, &today, &note))
            .await
        {
            Ok(value) => saved.push(serde_json::from_value::<SavedView>(value)?.record),
            Err(error) => break error,
        }
        ensure!(saved.len() < 10_000, "the disk never became full");
    };
    assert_eq!(refusal.code(), "disk_full");
    assert!(
        saved.len() > 5,
        "the reserve holds a day's words, not {} contacts",
        saved.len()
    );

    // The visit does not fit either; its draft and every answer stay, and nothing of it is half saved.
    let before = tablet.records().await?;
    assert_eq!(
        tablet
            .refusal("save_visit", json!({"id": form.draft}))
            .await?
            .code,
        "disk_full"
    );
    assert_eq!(tablet.records().await?, before);
    let draft: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    assert_eq!((&draft.draft, &draft.parts), (&form.draft, &form.parts));
    for record in &saved {
        assert!(
            before.contains_key(&(sibling.clone(), record.clone())),
            "it was called saved"
        );
    }
    // Whoever opens the tablet now finds the same.
    tablet.reopen(PIN).await?;
    assert_eq!(tablet.records().await?, before);
    let draft: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    assert_eq!(draft.parts, form.parts);

    fs::remove_file(&photos)?;
    let visit: SavedView = tablet.call("save_visit", json!({"id": form.draft})).await?;
    let after = tablet.records().await?;
    assert!(after.contains_key(&(child, visit.record)));
    assert_eq!(after.len(), before.len() + 1);

    world.restore_network();
    tablet.sync().await?;
    tablet.all_delivered().await?;
    world.station.sync().await?;
    assert!(after.keys().eq(world.station.records().await?.keys()));
    Ok(())
}
