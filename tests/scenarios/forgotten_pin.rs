//! No PIN opens the tablet any more: forgotten, ten wrong ones, or the key store was emptied. Two district officers help.

use anyhow::{Context, Result, bail};
use client::view::{AppView, Stage};
use serde_json::{Value, json};
use sync_server::recover::RecoverInput;
use sync_server::shares::{self, Share};
use sync_server::system::SystemEntropy;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World};

const NEW_PIN: &str = "618394";

/// The parts of the district's key that three officers took home.
fn parts(world: &World) -> Result<Vec<Share>> {
    (1..=3)
        .map(|number| {
            let file = world.recovery_folder().join(format!("share-{number}.txt"));
            Ok(Share::parse(&std::fs::read_to_string(file)?)?)
        })
        .collect()
}

/// What two officers do with what the tablet shows.
fn answer(world: &World, request: &str, compare_code: &str, shares: [&Share; 2]) -> Result<String> {
    let recovered = world.township.at_the_desk(|desk| {
        desk.recover(&RecoverInput {
            request,
            compare_code,
            shares,
            officers: ["周区长", "吴科长"],
            reason: "忘了密码，人在现场。",
        })
    })?;
    Ok(recovered.answer)
}

async fn ask(tablet: &Device) -> Result<(String, String)> {
    let view: AppView = tablet.call("recover_start", Value::Null).await?;
    assert_eq!(view.stage, Stage::Recovering);
    let recovery = view.recovery.context("there is something to show")?;
    Ok((recovery.text, recovery.compare_code))
}

async fn take_answer_and_choose(tablet: &Device, text: &str) -> Result<()> {
    let view: AppView = tablet
        .call("recover_answer", json!({ "text": text }))
        .await?;
    assert_eq!(view.stage, Stage::ChoosePin);
    assert_eq!(
        tablet
            .refusal("choose_pin", json!({ "pin": "123456" }))
            .await?
            .code,
        "pin_common"
    );
    let view: AppView = tablet.call("choose_pin", json!({ "pin": NEW_PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_pins_and_two_officers_later_every_unsent_visit_is_there_and_is_sent()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let visit = tablet.visit(&child).await?;
    let contact = tablet.contact(&child, "电话里说都好。").await?;
    let waiting = tablet.tablet()?.store.read(store::changes::outbox_length)?;
    assert!(waiting > 0);
    let _: AppView = tablet.call("lock", Value::Null).await?;

    for number in 1..=10 {
        let refused = tablet.refusal("unlock", json!({ "pin": "284605" })).await?;
        let expected = if number == 10 {
            "recovery_needed"
        } else {
            "wrong_pin"
        };
        assert_eq!(refused.code, expected, "try {number}");
        tablet.clock.move_by(1_000_000);
    }
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert!(view.recovery_needed);
    assert_eq!(
        view.account.context("the door is hers")?.unsent,
        Some(waiting)
    );
    assert_eq!(
        tablet.refusal("unlock", json!({ "pin": PIN })).await?.code,
        "recovery_needed",
        "the right one comes too late"
    );

    // The battery dies while the officers are on their way: the request is the same afterwards.
    let (request, digits) = ask(&tablet).await?;
    let folder = world.folder().join("tablet-0");
    let tablet = world.open_tablet(&world.clone_of(&folder)?)?;
    assert_eq!(ask(&tablet).await?, (request.clone(), digits.clone()));

    let parts = parts(&world)?;
    // One officer twice, digits of another tablet: nothing is opened.
    for (code, shares, why) in [
        (digits.as_str(), [&parts[0], &parts[0]], "one officer"),
        ("000000", [&parts[0], &parts[2]], "other digits"),
    ] {
        assert!(answer(&world, &request, code, shares).is_err(), "{why}");
    }
    let text = answer(&world, &request, &digits, [&parts[2], &parts[0]])?;
    take_answer_and_choose(&tablet, &text).await?;

    let file = tablet.file(&child).await?;
    for record in [&visit, &contact] {
        assert!(file.timeline.iter().any(|line| &line.record == record));
    }
    world.restore_network();
    tablet.sync().await?;
    assert_eq!(
        tablet.tablet()?.store.read(store::changes::outbox_length)?,
        0
    );
    world.station.sync().await?;
    let there = world.station.file(&child).await?;
    assert!(there.timeline.iter().any(|line| line.record == visit));

    // From now on the new PIN opens, and the old answer does not.
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let _: AppView = tablet.call("recover_start", Value::Null).await?;
    assert_eq!(
        tablet
            .refusal("recover_answer", json!({ "text": text }))
            .await?
            .code,
        "recovery_other"
    );
    let _: AppView = tablet.call("enrol_cancel", Value::Null).await?;
    let view: AppView = tablet.call("unlock", json!({ "pin": NEW_PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_key_store_is_the_same_way_and_no_pin_is_called_wrong() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    world.cut_network();
    let contact = tablet.contact(&child, "电话里说都好。").await?;
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let copy = world.clone_of(&world.folder().join("tablet-0"))?;
    std::fs::remove_file(copy.with_extension("hardware-key"))?;

    let tablet = world.open_tablet(&copy)?;
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Locked);
    assert!(view.recovery_needed, "the device says so before any PIN");
    let refused = tablet.refusal("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(refused.code, "recovery_needed");
    let (request, digits) = ask(&tablet).await?;
    let parts = parts(&world)?;
    let text = answer(&world, &request, &digits, [&parts[0], &parts[1]])?;
    take_answer_and_choose(&tablet, &text).await?;
    let file = tablet.file(&child).await?;
    assert!(file.timeline.iter().any(|line| line.record == contact));
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let view: AppView = tablet.call("unlock", json!({ "pin": NEW_PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_and_answers_of_another_district_open_nothing() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let other = world.tablet("田桂花").await?;
    for device in [&tablet, &other] {
        let _: AppView = device.call("lock", Value::Null).await?;
    }
    let (request, digits) = ask(&tablet).await?;
    let strangers = shares::split(&[9; 32], &SystemEntropy);
    let own = parts(&world)?;
    for shares in [[&strangers[0], &strangers[1]], [&own[0], &strangers[1]]] {
        let Err(refused) = answer(&world, &request, &digits, shares) else {
            bail!("a stranger's part opened it");
        };
        assert!(
            refused.to_string().contains("another district"),
            "{refused}"
        );
    }
    let text = answer(&world, &request, &digits, [&own[0], &own[1]])?;
    ask(&other).await?;
    assert_eq!(
        other
            .refusal("recover_answer", json!({ "text": text }))
            .await?
            .code,
        "recovery_other"
    );
    assert_eq!(
        other
            .refusal("recover_answer", json!({ "text": "你好" }))
            .await?
            .code,
        "recovery_text"
    );
    let _: AppView = other.call("enrol_cancel", Value::Null).await?;
    let view: AppView = other.call("unlock", json!({ "pin": PIN })).await?;
    assert_eq!(
        view.stage,
        Stage::Ready,
        "nothing was moved aside meanwhile"
    );
    assert_eq!(view.moved_aside, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_unsent_she_enrols_anew_and_the_old_account_is_shown_no_longer() -> Result<()>
{
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    tablet.sync().await?;
    let folder = tablet.tablet()?.store.folder().to_owned();
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let view: AppView = tablet.call("enrol_again", Value::Null).await?;
    assert_eq!(view.stage, Stage::Fresh);
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, NEW_PIN).await?;
    assert_eq!(tablet.children().await?.rows.len(), 6);
    let view: AppView = tablet.call("lock", Value::Null).await?;
    assert_eq!(view.accounts.len(), 1);
    assert!(folder.join("zoufang.db").exists(), "its files stay");
    let view: AppView = tablet.call("unlock", json!({ "pin": NEW_PIN })).await?;
    assert_eq!(view.stage, Stage::Ready);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_something_unsent_both_accounts_stay_until_it_is_fetched() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    tablet.contact(&child, "还没送的电话。").await?;
    let _: AppView = tablet.call("lock", Value::Null).await?;
    let _: AppView = tablet.call("enrol_again", Value::Null).await?;
    let code = world.code(world.village, "李玉梅").await?;
    tablet.enrol(&world.township.server, &code, NEW_PIN).await?;
    let view: AppView = tablet.call("switch_user", Value::Null).await?;
    let unsent: Vec<_> = view.accounts.iter().map(|account| account.unsent).collect();
    assert_eq!(unsent, [Some(1), Some(0)]);
    Ok(())
}
