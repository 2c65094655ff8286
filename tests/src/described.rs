//! A server for programs that read its own description and ask whatever it says may be asked (`make schemathesis`).

use crate::malformed::Ground;
use crate::traffic::Hand;
use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::system::SystemClock;
use ids::Clock;
use protocol::session::proof::RequestProof;
use serde_json::{Value, json};
use std::path::Path;

/// Serves until `until` is over, and then lets a real tablet sync.
///
/// `folder` gets the CA to trust (`ca.pem`), and what a stranger to the program needs to ask well (`world.json`):
/// address, tokens of devices, and ids the server knows.
///
/// # Errors
/// The township cannot be made, or afterwards the tablet does not sync any more.
pub async fn serve(folder: &Path, until: impl Future<Output = ()>) -> Result<()> {
    let ground = Ground::prepare().await?;
    let server_key = ground.station.tablet()?.enrolled.server_key;
    std::fs::write(
        folder.join("ca.pem"),
        pem(ground.township.server.ca_certificate()),
    )?;
    let world = world(&ground, &server_key);
    std::fs::write(folder.join("world.json"), world.to_string())?;
    until.await;
    ground.a_tablet_still_syncs().await
}

fn pem(certificate: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    // 48 bytes are a line of 64 digits.
    for line in certificate.chunks(48) {
        text.push_str(&STANDARD.encode(line));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

/// Heads and directors of their own townships, so that nothing they do to each other reaches the tablet that syncs
/// afterwards.
fn world(ground: &Ground, server_key: &[u8; 32]) -> Value {
    let of = |heads: bool, said: &dyn Fn(&Hand) -> String| -> Vec<String> {
        ground
            .hands
            .iter()
            .filter(|hand| hand.reads_only == heads)
            .map(|hand| said(hand))
            .collect()
    };
    let token = |hand: &Hand| {
        RequestProof::sign(&hand.key, hand.device, server_key, SystemClock.now_ms()).text()
    };
    let mut units = of(true, &|hand| hand.scope.0.simple().to_string());
    units.extend(of(false, &|hand| hand.unit.0.simple().to_string()));
    json!({
        "url": format!("https://localhost:{}", ground.township.server.address.port()),
        "heads": of(true, &token),
        "directors": of(false, &token),
        "units": units,
        "devices": of(false, &|hand| hand.device.0.simple().to_string()),
        "enrolments": [ground.open_code.enrolment.simple().to_string()],
    })
}
