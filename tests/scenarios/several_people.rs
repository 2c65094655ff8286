//! Several people use one tablet, each with a folder, a database and keys of her own.

use anyhow::{Context, Result};
use client::view::{AppView, Stage};
use client::{App, AppSettings, PinCost};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{ArgonCost, FileHardwareKey, OpenOptions, OpenWith, Store, SystemDisk, identity};
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

const OTHER_PIN: &str = "618394";

/// Somebody else gets an account on a tablet that is locked.
async fn enrol_another(world: &World, tablet: &Device, person: &str) -> Result<()> {
    let _: AppView = tablet.call("switch_user", Value::Null).await?;
    let view: AppView = tablet.call("enrol_another", Value::Null).await?;
    assert_eq!(view.stage, Stage::Fresh);
    assert!(!view.accounts.is_empty(), "there is a way back");
    let code = world
        .code(
            world.create_village("青石村", "310199100202").await?,
            person,
        )
        .await?;
    tablet.enrol(&world.township.server, &code, OTHER_PIN).await
}

async fn choose(tablet: &Device, id: &str) -> Result<AppView> {
    tablet.call("choose_account", json!({ "id": id })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_share_a_tablet_and_neither_sees_the_other() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let contact = tablet.contact(&child, "李玉梅打的电话。").await?;
    assert!(!contact.is_empty());

    enrol_another(&world, &tablet, "田桂花").await?;
    assert_eq!(tablet.children().await?.rows.len(), 0, "another village");
    assert_eq!(
        tablet
            .refusal("child_file", json!({ "id": child }))
            .await?
            .code,
        "not_found"
    );

    // 换人: locked at once, and what is shown of each is a role and a place.
    let view: AppView = tablet.call("switch_user", Value::Null).await?;
    assert_eq!(view.stage, Stage::Picking);
    assert_eq!(tablet.refusal("today", Value::Null).await?.code, "locked");
    let shown: Vec<_> = view
        .accounts
        .iter()
        .map(|account| {
            (
                account.id.as_str(),
                account.role.as_deref(),
                account.unit.as_deref(),
                account.unsent,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("1", Some("director"), Some("白荷村"), Some(1)),
            ("2", Some("director"), Some("青石村"), Some(0)),
        ],
        "how many wait to be sent is known of who left by the door"
    );
    let text = serde_json::to_string(&view)?;
    assert!(!text.contains("李玉梅") && !text.contains("田桂花"));

    // Each opens her own with her own PIN, and only hers.
    assert_eq!(
        tablet.refusal("unlock", json!({ "pin": PIN })).await?.code,
        "locked",
        "nobody said who it is"
    );
    choose(&tablet, "2").await?;
    assert_eq!(
        tablet.refusal("unlock", json!({ "pin": PIN })).await?.code,
        "wrong_pin"
    );
    choose(&tablet, "1").await?;
    let view: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(view.person.as_deref(), Some("李玉梅"));
    assert_eq!(tablet.file(&child).await?.timeline.len(), 1);
    tablet.sync().await?;
    let view: AppView = tablet.call("switch_user", Value::Null).await?;
    assert_eq!(view.accounts[0].unsent, Some(0));

    // A process that was killed leaves no number: nobody knows what was done since.
    choose(&tablet, "1").await?;
    let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    let folder = tablet.tablet()?.store.folder().to_owned();
    let copy = world.clone_of(&folder)?;
    let again = world.open_tablet(&copy)?;
    let view: AppView = again.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Picking);
    assert_eq!(view.accounts[0].unsent, None);
    assert_eq!(view.accounts[1].unsent, Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_on_a_used_tablet_can_be_left_again() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let _: AppView = tablet.call("enrol_another", Value::Null).await?;
    let view: AppView = tablet.call("enrol_cancel", Value::Null).await?;
    assert_eq!(view.stage, Stage::Locked);
    let view: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(view.person.as_deref(), Some("李玉梅"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_damage_took_its_owners_name_stays_in_sight() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let folder = tablet.tablet()?.store.folder().to_owned();
    let _: AppView = tablet.call("lock", Value::Null).await?;
    drop(tablet);
    std::fs::write(folder.join("zoufang.db"), [7; 8192])?;
    for file in std::fs::read_dir(folder.join("journal"))? {
        std::fs::remove_file(file?.path())?;
    }
    let tablet = world.open_tablet(&folder)?;
    for _ in 0..2 {
        let refused = tablet.refusal("unlock", json!({ "pin": PIN })).await?;
        assert_eq!(refused.code, "store_damaged");
        let view: AppView = tablet.call("app", Value::Null).await?;
        assert_eq!((view.stage, view.accounts.len()), (Stage::Locked, 1));
    }
    let kept = std::fs::read_dir(folder.join("moved-aside"))?.count();
    assert_eq!(kept, 1, "what could not be opened is kept");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pin_opens_from_now_on() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let wrong = json!({ "old": "284605", "new": OTHER_PIN });
    assert_eq!(tablet.refusal("change_pin", wrong).await?.code, "wrong_pin");
    let _: AppView = tablet
        .call("change_pin", json!({ "old": PIN, "new": OTHER_PIN }))
        .await?;
    let _: AppView = tablet.call("lock", Value::Null).await?;
    assert_eq!(
        tablet.refusal("unlock", json!({ "pin": PIN })).await?.code,
        "wrong_pin"
    );
    let view: AppView = tablet.call("unlock", json!({ "pin": OTHER_PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}

/// A copy of a folder an older app left, whose device is a real one of this township.
fn old_folder(world: &World, version: &str, enrolled: &Device) -> Result<std::path::PathBuf> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/store/tests/fixtures")
        .join(version);
    let folder = world.new_folder();
    std::fs::create_dir_all(&folder)?;
    for name in ["attempts", "keys.json", "zoufang.db"] {
        std::fs::copy(fixture.join(name), folder.join(name))?;
    }
    let hardware = FileHardwareKey::beside(&folder);
    std::fs::copy(
        fixture.join("hardware-key"),
        folder.with_extension("hardware-key"),
    )?;
    // The fixture's certificate is three bytes; an app wants a whole one.
    let outcome = Store::open(
        &folder,
        OpenOptions {
            with: OpenWith::Pin("739146"),
            hardware: &hardware,
            entropy: zoufang_tests::device::entropy(),
            clock: world.clock.clone(),
            disk: Arc::new(SystemDisk),
            lock: None,
        },
    )?;
    let (certificate, incarnation) = {
        let tablet = enrolled.tablet()?;
        (
            tablet.identity.certificate.clone(),
            tablet.identity.incarnation,
        )
    };
    outcome.store.write(|tx| {
        identity::set_certificate(tx, &certificate)?;
        identity::begin_incarnation(tx, incarnation)
    })?;
    Ok(folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_an_older_app_is_found_where_it_is() -> Result<()> {
    let world = World::new().await?;
    let enrolled = world.tablet("李玉梅").await?;
    for version in ["0001", "0002", "0003"] {
        let folder = old_folder(&world, version, &enrolled)?;
        let tablet = world.open_tablet(&folder)?;
        let view: AppView = tablet.call("app", Value::Null).await?;
        assert_eq!(view.stage, Stage::Locked, "{version}");
        assert_eq!(view.accounts.len(), 1, "{version}");
        assert!(!view.recovery_needed, "{version}");
        let view: AppView = tablet.call("unlock", json!({ "pin": "739146" })).await?;
        assert_eq!(view.person.as_deref(), Some("李玉梅"), "{version}");
        assert_eq!(
            tablet.tablet()?.store.folder(),
            folder,
            "{version}: nothing was moved"
        );
        // From now on the lock screen knows whose it is.
        let view: AppView = tablet.call("lock", Value::Null).await?;
        let account = view.account.context("the door is hers")?;
        assert_eq!(account.unit.as_deref(), Some("石桥村"), "{version}");
        assert_eq!(account.unsent, Some(3), "{version}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheap_slot_of_before_is_made_anew_at_the_next_unlocking() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let folder = tablet.tablet()?.store.folder().to_owned();
    assert_eq!(tablet.tablet()?.store.pin_cost()?, Some(ArgonCost::FLOOR));
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let copy = world.clone_of(&folder)?;
    let dearer = ArgonCost {
        memory_kib: 64,
        iterations: 2,
        lanes: 1,
    };
    let mut settings = AppSettings::new(copy, client::view::ShellKind::Tablet);
    settings.cost = PinCost::Fixed(dearer);
    let app = App::open(settings)?;
    app.call("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(app.tablet()?.store.pin_cost()?, Some(dearer));
    app.call("lock", Value::Null).await?;
    app.call("unlock", json!({ "pin": PIN })).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_asked_for_or_due_after_a_year_and_nothing_is_lost() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let folder = tablet.tablet()?.store.folder().to_owned();
    let contact = tablet.contact(&child, "还没送的电话。").await?;
    let visit = tablet.begin_visit(&child).await?;

    let refused = tablet
        .refusal("renew_key", json!({ "pin": "284605" }))
        .await?;
    assert_eq!(refused.code, "wrong_pin");
    let view: AppView = tablet.call("renew_key", json!({ "pin": PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    assert!(folder.join("zoufang-1.db").exists() && !folder.join("zoufang.db").exists());
    let all_is_there = async || -> Result<()> {
        let file = tablet.file(&child).await?;
        assert!(file.timeline.iter().any(|line| line.record == contact));
        let _: client::view::VisitFormView = tablet
            .call("visit_form", json!({ "id": visit.draft }))
            .await?;
        Ok(())
    };
    all_is_there().await?;

    // A year later by policy, at the next unlocking and without a word.
    const DAY_MS: i64 = 24 * 3_600_000;
    for (days, database) in [(300, "zoufang-1.db"), (66, "zoufang-2.db")] {
        tablet.clock.move_by(days * DAY_MS);
        let _: AppView = tablet.call("lock", Value::Null).await?;
        let _: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
        assert!(folder.join(database).exists(), "after {days} days more");
    }
    // So long without contact nothing may be read; what was not sent is sent, and all is there.
    tablet.clock.move_by(-366 * DAY_MS);
    tablet.sync().await?;
    all_is_there().await?;
    assert_eq!(
        tablet.tablet()?.store.read(store::changes::outbox_length)?,
        0
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_locks_by_itself_when_its_page_was_closed_and_nobody_asks_anything() -> Result<()>
{
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let rules = tablet.tablet()?.lock_rules();
    let minutes = rules.idle_minutes.max(rules.visit_idle_minutes);
    let minute = Duration::from_secs(60);
    for _ in 0..=minutes {
        assert!(!tablet.app.pass_quietly(minute), "a page may still be open");
    }
    let _: Value = tablet.call("today", Value::Null).await?;
    for _ in 0..=minutes + 1 {
        assert!(!tablet.app.pass_quietly(minute), "somebody was there");
    }
    assert!(tablet.app.pass_quietly(minute));
    assert_eq!(tablet.refusal("today", Value::Null).await?.code, "locked");
    assert!(!tablet.app.pass_quietly(minute * 60), "once is enough");
    let view: AppView = tablet.call("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}
