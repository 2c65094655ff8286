//! Wrong PINs, codes, servers, files, dates and sizes: each has its code, and nothing that was entered is lost.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::view::{AppView, ChildFileView, ShellKind, Stage, VisitFormView};
use ids::Clock as _;
use office::ledger::write::WrittenCell;
use protocol::enrolment::QrCode;
use protocol::{ErrorMessage, limits};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use store::ArgonCost;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use zoufang_tests::device::Device;
use zoufang_tests::story::{PIN, World, contact_input, line, register};

const MINUTE_MS: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_are_counted_and_waited_for_and_forgiven_after_the_right_one() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let form = tablet.begin_visit(&child).await?;
    let now = tablet.clock.now_ms();
    tablet.clock.stand_at(now);
    let _: AppView = tablet.call("lock", Value::Null).await?;
    assert_eq!(tablet.refusal("today", Value::Null).await?.code, "locked");

    for left in ["9", "8", "7", "6", "5"] {
        let refusal = tablet.refusal("unlock", json!({"pin": "904417"})).await?;
        assert_eq!(
            (refusal.code.as_str(), refusal.params["left"].as_str()),
            ("wrong_pin", left)
        );
    }
    let view: AppView = tablet.call("app", Value::Null).await?;
    assert_eq!((view.stage, view.pin_wrong), (Stage::Locked, 5));
    assert_eq!(view.pin_wait_seconds, 60);
    let refusal = tablet.refusal("unlock", json!({"pin": PIN})).await?;
    assert_eq!(
        refusal.code, "pin_wait",
        "while it waits not even the right one is looked at"
    );
    assert_eq!(
        tablet.refusal("unlock", json!({"pin": "12"})).await?.code,
        "pin_format"
    );

    tablet.clock.stand_at(now + MINUTE_MS);
    let view: AppView = tablet.call("unlock", json!({"pin": PIN})).await?;
    assert_eq!(
        (view.stage, view.pin_wrong, view.pin_wait_seconds),
        (Stage::Ready, 0, 0)
    );
    let draft: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    assert_eq!(
        (draft.draft, draft.parts),
        (form.draft, form.parts),
        "the draft waited behind the door"
    );

    let _: AppView = tablet.call("lock", Value::Null).await?;
    let refusal = tablet.refusal("unlock", json!({"pin": "904417"})).await?;
    assert_eq!(refusal.params["left"], "9", "the count began anew");
    world.township.stop().await;
    Ok(())
}

/// The code a new device is refused with.
async fn enrolment_refusal(world: &World, address: &str, code: &str) -> Result<String> {
    let device = world.new_device()?;
    let refusal = device
        .refusal("enrol_start", json!({"address": address, "code": code}))
        .await?;
    let view: AppView = device.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Fresh, "one can begin again");
    Ok(refusal.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_ten_minutes_and_is_burnt_by_five_wrong_proofs() -> Result<()> {
    let world = World::new().await?;
    let server = &world.township.server;

    let used = world.code(world.village, "李玉梅").await?;
    world.new_device()?.enrol(server, &used, PIN).await?;
    assert_eq!(
        enrolment_refusal(&world, &used.qr, "").await?,
        "enrol_code_used"
    );
    assert_eq!(
        enrolment_refusal(&world, &used.address, &used.code).await?,
        "enrol_code_used"
    );

    let burnt = world.code(world.village, "李玉梅").await?;
    let mut forged = QrCode::parse(&burnt.qr)?;
    forged.secret[0] ^= 1;
    for wrong in 1..=limits::WRONG_PROOFS {
        let expected = if wrong < limits::WRONG_PROOFS {
            "enrol_code_wrong"
        } else {
            "enrol_code_burnt"
        };
        assert_eq!(
            enrolment_refusal(&world, &forged.text(), "").await?,
            expected,
            "proof {wrong}"
        );
    }
    assert_eq!(
        enrolment_refusal(&world, &burnt.qr, "").await?,
        "enrol_code_burnt",
        "the right one is burnt too"
    );

    let typed = world.code(world.village, "李玉梅").await?;
    for (address, code, expected) in [
        (typed.address.as_str(), "1234", "enrol_code_wrong"),
        ("zoufang:1?a=nonsense", "", "enrol_code_wrong"),
        ("站里的电脑", typed.code.as_str(), "enrol_address"),
    ] {
        assert_eq!(
            enrolment_refusal(&world, address, code).await?,
            expected,
            "{address} {code}"
        );
    }
    world.cut_network();
    assert_eq!(
        enrolment_refusal(&world, &typed.qr, "").await?,
        "no_network"
    );
    world.restore_network();

    let late = world.code(world.village, "李玉梅").await?;
    let waiting = world.new_device()?;
    let view: AppView = waiting
        .call("enrol_start", json!({"address": late.qr, "code": ""}))
        .await?;
    assert_eq!(view.stage, Stage::Comparing);
    let view: AppView = waiting.call("enrol_poll", Value::Null).await?;
    assert_eq!(view.stage, Stage::Comparing, "nobody has said yes");
    world.clock.move_by(11 * MINUTE_MS);
    assert_eq!(
        waiting.refusal("enrol_poll", Value::Null).await?.code,
        "enrol_code_expired"
    );
    assert_eq!(
        enrolment_refusal(&world, &late.qr, "").await?,
        "enrol_code_expired"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_code_with_wrong_last_digits_ends_after_the_comparison() -> Result<()> {
    let world = World::new().await?;
    let code = world.code(world.village, "李玉梅").await?;
    let (found_by, secret) = code.code.split_at(4);
    let other = format!("{found_by}{:04}", (secret.parse::<u32>()? + 1) % 10_000);
    let device = world.new_device()?;
    let _: AppView = device
        .call(
            "enrol_start",
            json!({"address": code.address, "code": other}),
        )
        .await?;
    world
        .township
        .server
        .confirm_enrolment(code.enrolment)
        .await?;
    assert_eq!(
        device.refusal("enrol_poll", Value::Null).await?.code,
        "enrol_code_wrong"
    );
    let view: AppView = device.call("app", Value::Null).await?;
    assert_eq!(view.stage, Stage::Fresh);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_not_believed_and_its_tablets_lose_nothing() -> Result<()> {
    let world = World::new().await?;
    let other = World::new().await?;
    let code = world.code(world.village, "李玉梅").await?;
    let mut elsewhere = QrCode::parse(&code.qr)?;
    elsewhere.address = other.township.relay.address.to_string();
    assert_eq!(
        enrolment_refusal(&world, &elsewhere.text(), "").await?,
        "enrol_wrong_server"
    );

    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let contact = tablet.contact(&child, "都好。").await?;
    // Unlocked anew, it has no open connection to the true server any more.
    tablet.reopen(PIN).await?;
    world
        .township
        .relay
        .set_target(other.township.server.address);
    assert_eq!(tablet.failed_sync().await?, "enrol_wrong_server");
    let page = tablet.sync_page().await?;
    assert_eq!(
        (page.problem.as_deref(), page.unsent.len()),
        (Some("enrol_wrong_server"), 1)
    );
    world
        .township
        .relay
        .set_target(world.township.server.address);
    arrives(&world, &tablet, &child, &contact).await?;
    other.township.stop().await;
    world.township.stop().await;
    Ok(())
}

async fn arrives(world: &World, tablet: &Device, child: &str, record: &str) -> Result<()> {
    tablet.sync().await?;
    tablet.all_delivered().await?;
    assert_eq!(tablet.sync_page().await?.problem, None);
    world.station.sync().await?;
    let there = world.station.records().await?;
    assert!(there.contains_key(&(child.to_owned(), record.to_owned())));
    Ok(())
}

/// Says the same to everybody who connects, encrypted or plain.
async fn talker(says: &'static [u8], tls: Option<TlsAcceptor>) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                let mut heard = [0; 4096];
                if let Some(tls) = tls {
                    let mut stream = tls.accept(stream).await?;
                    let _ = stream.read(&mut heard).await?;
                    stream.write_all(says).await?;
                    stream.shutdown().await
                } else {
                    let _ = stream.read(&mut heard).await?;
                    stream.write_all(says).await?;
                    stream.shutdown().await
                }
            });
        }
    });
    Ok(address)
}

/// TLS as a server of ours would speak it, under a CA nobody knows.
fn foreign_tls() -> Result<TlsAcceptor> {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let ca_key = KeyPair::generate()?;
    let ca_certificate = ca.self_signed(&ca_key)?.der().clone();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &issuer)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone(), ca_certificate],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

const WEB_PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
const FAILURE: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nnope";
const MAIL_SERVER: &[u8] = b"220 mail.example ESMTP ready\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_nonsense_is_called_that_and_everything_waits_for_the_real_one()
-> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let form = tablet.begin_visit(&child).await?;
    let contact = tablet.contact(&child, "都好。").await?;
    tablet.reopen(PIN).await?;
    for says in [WEB_PAGE, MAIL_SERVER] {
        // A hotel's log-in page, another machine at the old address.
        world.township.relay.set_target(talker(says, None).await?);
        assert_eq!(tablet.failed_sync().await?, "server_nonsense");
        let page = tablet.sync_page().await?;
        assert_eq!(
            (page.problem.as_deref(), page.unsent.len()),
            (Some("server_nonsense"), 1)
        );
        world
            .township
            .relay
            .set_target(talker(says, Some(foreign_tls()?)).await?);
        assert_eq!(tablet.failed_sync().await?, "enrol_wrong_server");
    }
    // Before enrolment nothing is pinned yet, so the answer itself is read.
    for says in [WEB_PAGE, FAILURE, MAIL_SERVER] {
        let address = talker(says, Some(foreign_tls()?)).await?;
        let refusal = enrolment_refusal(&world, &address.to_string(), "12345678").await?;
        assert_eq!(
            refusal,
            "server_nonsense",
            "{}",
            String::from_utf8_lossy(says)
        );
    }
    world
        .township
        .relay
        .set_target(world.township.server.address);
    arrives(&world, &tablet, &child, &contact).await?;
    let draft: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    assert_eq!(draft.parts, form.parts);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limits_is_answered_with_a_code_a_sentence_and_a_next_step() -> Result<()> {
    let world = World::new().await?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_der(world.township.server.ca_certificate())?;
    let http = reqwest::Client::builder()
        .tls_certs_only([ca])
        .no_proxy()
        .build()?;
    let url = format!("https://{}/enrol/start", world.township.server.address);
    let inflating = zstd::bulk::compress(&vec![0; 64 << 20], 3)?;
    for body in [vec![7; limits::REQUEST_BYTES + 1], inflating] {
        let response = http
            .post(&url)
            .header("content-type", protocol::wire::MEDIA_TYPE)
            .body(body)
            .send()
            .await?;
        assert_eq!(response.status().as_u16(), 413);
        let message: ErrorMessage = serde_json::from_slice(&response.bytes().await?)?;
        assert_eq!(message.code, "too_large");
        assert!(
            !message.message.is_empty() && !message.next.is_empty(),
            "{message:?}"
        );
    }

    // On the device the same sizes never leave it, and what was there before stays.
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let today = tablet.tablet()?.today().to_string();
    let long = "长".repeat(100_000);
    let refusal = tablet
        .refusal("record_contact", contact_input(&child, &today, &long))
        .await?;
    assert_eq!(refusal.code, "too_large");
    let form = tablet.begin_visit(&child).await?;
    let part = &form.parts.last().context("the child's part")?.part;
    let written = tablet
        .write(&form.draft, part, "l_summary", "都好。")
        .await?;
    let answer =
        json!({"draft": form.draft, "part": part, "key": "l_summary", "codes": [], "text": long});
    assert_eq!(
        tablet.refusal("answer_visit", answer).await?.code,
        "too_large"
    );
    let draft: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    assert_eq!(draft.parts, written.parts);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_ledger_changes_nothing() -> Result<()> {
    let world = World::new().await?;
    let before = world.station.heads()?;
    let good = register(&[line("何小满", "2017-08-08", "何大勇", "一组")])?;
    let cut_off = &good[..good.len() / 2];
    let empty = register(&[])?;
    for (bytes, code) in [
        (
            b"\xe5\xa7\x93\xe5\x90\x8d,\xe6\x80\xa7\xe5\x88\xab\n".as_slice(),
            "not_a_spreadsheet",
        ),
        (b"".as_slice(), "not_a_spreadsheet"),
        (b"PK\x03\x04nonsense".as_slice(), "not_a_spreadsheet"),
        (cut_off, "not_a_spreadsheet"),
        (empty.as_slice(), "ledger_empty"),
    ] {
        let input = json!({"village": world.village, "file_name": "花名册.xlsx", "bytes": STANDARD.encode(bytes)});
        assert_eq!(
            world.station.refusal("import_preview", input).await?.code,
            code,
            "{} bytes",
            bytes.len()
        );
    }
    let refusal = world
        .station
        .refusal(
            "import_preview",
            json!({"village": world.village, "file_name": "照片.jpg", "bytes": "不是编码"}),
        )
        .await?;
    assert_eq!(refusal.code, "not_a_spreadsheet");
    assert_eq!(world.station.heads()?, before);

    let tablet = world.tablet("李玉梅").await?;
    let input = json!({"village": world.village, "file_name": "花名册.xlsx", "bytes": STANDARD.encode(&good)});
    assert_eq!(
        tablet.refusal("import_preview", input).await?.code,
        "not_allowed"
    );
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_name_born_ahead_or_with_a_real_number_are_refused_one_by_one() -> Result<()>
{
    let world = World::new().await?;
    let ahead = (world.station.tablet()?.today() + chrono::TimeDelta::days(40)).to_string();
    let mut real = line("秦朗", "2016-01-01", "秦大山", "一组");
    real.verbatim.insert(
        "id_no".to_owned(),
        WrittenCell::Text("110101201601010014".to_owned()),
    );
    let mut unborn = line("柳未", "2016-01-01", "柳正", "一组");
    unborn.values.remove("id_no");
    unborn
        .verbatim
        .insert("birth_date".to_owned(), WrittenCell::Text(ahead));
    let mut nameless = line("", "2016-01-01", "无名氏", "一组");
    nameless.values.remove("id_no");
    let lines = [
        nameless,
        unborn,
        real,
        line("何小满", "2017-08-08", "何大勇", "一组"),
    ];
    let preview = world.preview(world.village, &register(&lines)?).await?;
    assert_eq!((preview.new, preview.rejected), (1, 3), "{preview:?}");
    for row in preview.rows.iter().filter(|row| row.outcome == "rejected") {
        assert!(
            row.notes.iter().any(|note| !note.is_empty()),
            "a reason each: {row:?}"
        );
    }
    world.confirm(&preview).await?;
    world.station.child("何小满").await?;
    for name in ["", "柳未", "秦朗"] {
        assert!(
            world.station.child(name).await.is_err(),
            "{name} was not filed"
        );
    }
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dated_tomorrow_or_half_filled_is_not_saved_and_not_lost() -> Result<()> {
    let world = World::new().await?;
    let tablet = world.tablet("李玉梅").await?;
    let child = tablet.child("吴天宇").await?;
    let today = tablet.tablet()?.today();
    let tomorrow = (today + chrono::TimeDelta::days(1)).to_string();
    let before = (tablet.records().await?, tablet.heads()?);

    let with = |key: &str, value: Value| {
        let mut input = contact_input(&child, &today.to_string(), "");
        input[key] = value;
        input
    };
    for (input, code) in [
        (with("event_date", json!(tomorrow)), "date_future"),
        (with("event_date", json!("昨天")), "date_invalid"),
        (with("party", json!([])), "party_missing"),
        (with("child_state", Value::Null), "state_missing"),
        (with("child_state", json!("watch")), "text_missing"),
        (with("mode", json!("pigeon")), "value_invalid"),
        (with("child", json!("nobody")), "not_found"),
    ] {
        assert_eq!(tablet.refusal("record_contact", input).await?.code, code);
    }
    let file: ChildFileView = tablet.file(&child).await?;
    let attempt = json!({"household": file.household, "event_date": tomorrow, "reason": "nobody_home", "next_on": null, "note": ""});
    assert_eq!(
        tablet.refusal("record_attempt", attempt).await?.code,
        "date_future"
    );
    let newborn = |name: &str, birth: &str| {
        json!({"name": name, "sex": "1", "birth_date": birth, "category": "PE", "reason": "邻居说起的。",
               "household": null, "village": null})
    };
    assert_eq!(
        tablet
            .refusal("add_child", newborn(" ", "2017-08-08"))
            .await?
            .code,
        "name_missing"
    );
    assert_eq!(
        tablet
            .refusal("add_child", newborn("何小满", &tomorrow))
            .await?
            .code,
        "date_future"
    );
    assert_eq!(
        tablet
            .refusal("add_child", newborn("何小满", "2017-02-30"))
            .await?
            .code,
        "birth_invalid"
    );
    let edit = |key: &str, value: Value| json!({"child": child, "holder": "child", "key": key, "value": value});
    for (key, value, code) in [
        ("name", Value::Null, "name_missing"),
        ("birth_date", json!(tomorrow), "date_future"),
        ("id_no", json!("110101201601010014"), "id_no_real"),
        ("file_no", json!("1"), "not_allowed"),
        ("health", json!("superb"), "value_invalid"),
    ] {
        assert_eq!(
            tablet.refusal("edit_field", edit(key, value)).await?.code,
            code,
            "{key}"
        );
    }
    assert_eq!(
        (tablet.records().await?, tablet.heads()?),
        before,
        "nothing was written"
    );

    let empty: VisitFormView = tablet.call("open_visit", json!({"id": child})).await?;
    let refusal = tablet
        .refusal("save_visit", json!({"id": empty.draft}))
        .await?;
    assert_eq!(
        (refusal.code.as_str(), refusal.params["key"].as_str()),
        ("nothing_answered", "a_met")
    );
    let form = tablet.begin_visit(&child).await?;
    let dated = tablet
        .write(&form.draft, "session", "a_date", &tomorrow)
        .await?;
    let question = &dated.parts[0].sections[0].questions[0];
    assert!(
        question.key == "a_date" && question.message.is_some(),
        "{question:?}"
    );
    assert_eq!(
        tablet
            .refusal("save_visit", json!({"id": form.draft}))
            .await?
            .code,
        "date_future"
    );
    let draft: VisitFormView = tablet.call("visit_form", json!({"id": form.draft})).await?;
    assert_eq!(draft.parts, dated.parts, "every answer is still there");
    tablet
        .write(&form.draft, "session", "a_date", &today.to_string())
        .await?;
    let _: Value = tablet.call("save_visit", json!({"id": form.draft})).await?;
    assert_eq!(
        tablet
            .refusal("save_visit", json!({"id": form.draft}))
            .await?
            .code,
        "draft_gone"
    );
    assert_eq!(tablet.records().await?.len(), before.0.len() + 1);
    world.township.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_a_folder_is_refused() -> Result<()> {
    let world = World::new().await?;
    let folder = world.new_folder();
    let _first = Device::open(&folder, ShellKind::Tablet, ArgonCost::FLOOR)?;
    let second = Device::open(&folder, ShellKind::Tablet, ArgonCost::FLOOR);
    assert_eq!(
        second.err().context("it is refused")?.code(),
        "folder_in_use"
    );
    world.township.stop().await;
    Ok(())
}
