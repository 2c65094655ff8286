//! A signature says whose it is, and nobody is said to have signed without strokes (ADR 0050).

use crate::photos::photos;
use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{AttachmentListView, SavedView, VisitFormView, VisitReadView};
use serde_json::json;
use zoufang_tests::story::{PIN, World};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signed_is_what_the_strokes_say_and_is_not_ticked_without_them() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("石小雨").await?;
    let form = tablet.begin_visit(&child).await?;
    let draft = form.draft.clone();
    let _: VisitFormView = tablet
        .call("visit_full", json!({"draft": draft, "full": true}))
        .await?;
    // What the form says of the caregiver's signature, and whether it can be ticked.
    let stand = async || -> Result<(Vec<String>, bool)> {
        let form: VisitFormView = tablet.call("visit_form", json!({"id": draft})).await?;
        let parts = form.parts.iter().filter(|part| part.part == "session");
        let mut questions = parts
            .flat_map(|part| &part.sections)
            .flat_map(|section| &section.questions);
        let question = questions.find(|one| one.key == "n_sign_caregiver");
        let question = question.context("it is asked")?;
        let offered = question.options.iter().any(|one| one.code == "signed");
        Ok((question.codes.clone(), offered))
    };
    let signed = vec!["signed".to_owned()];
    assert_eq!(stand().await?, (vec![], false));
    let tick = json!({"draft": draft, "part": "session", "key": "n_sign_caregiver", "codes": ["signed"], "text": null});
    let refused = tablet.refusal("answer_visit", tick).await?;
    assert_eq!(refused.code, "signature_missing");

    let strokes = br#"{"width":300,"height":100,"strokes":[[1,2,3,4]]}"#;
    let strokes = STANDARD.encode(strokes);
    let add = |signer: &str| json!({"draft": draft, "kind": "signature", "bytes": strokes, "signer": signer});
    let _: AttachmentListView = tablet.call("add_attachment", add("director")).await?;
    assert_eq!(
        stand().await?,
        (vec![], false),
        "the director's is not the caregiver's"
    );
    let list: AttachmentListView = tablet.call("add_attachment", add("caregiver")).await?;
    let hers = list
        .rows
        .iter()
        .find(|one| one.signer.as_deref() == Some("照料人"));
    let hers = json!({"draft": draft, "id": hers.context("it says whose it is")?.id});
    assert_eq!(stand().await?, (signed.clone(), true));
    let _: AttachmentListView = tablet.call("remove_attachment", hers.clone()).await?;
    assert_eq!(stand().await?, (vec![], false), "it went with the strokes");
    let _: AttachmentListView = tablet.call("restore_attachment", hers).await?;
    assert_eq!(stand().await?, (signed, true));
    tablet.reopen(PIN).await?;

    let saved: SavedView = tablet.call("save_visit", json!({"id": draft})).await?;
    world.settle(&[&tablet]).await?;
    let mut whose: Vec<String> = photos(&world.station, &child)
        .await?
        .into_iter()
        .filter_map(|one| one.signer)
        .collect();
    whose.sort();
    assert_eq!(whose, ["儿童主任", "照料人"]);
    let own = saved.children.iter().find(|one| one.child == child);
    let record = &own.context("it is one of them")?.record;
    let record = json!({"child": child, "record": record});
    let read: VisitReadView = world.station.call("visit_read", record).await?;
    assert_eq!(read.signed.as_deref(), Some("儿童主任"), "by saving");
    let said = serde_json::to_string(&read.sections)?;
    assert!(said.contains("已签名"), "{said}");
    world.township.stop().await;
    Ok(())
}
