//! Requests that prove themselves.

use crate::support::World;
use ids::Clock;
use protocol::DeviceList;
use protocol::limits;
use protocol::session::proof::RequestProof;

#[tokio::test]
async fn a_request_proves_itself_while_the_clocks_agree() {
    let world = World::new().await;
    let mut station = world.station().await;
    let now = world.clock.now_ms();
    let device = station.enrolled.device;
    for (off_ms, welcome) in [
        (0, true),
        (limits::PROOF_MS, true),
        (-limits::PROOF_MS, true),
        (limits::PROOF_MS + 1, false),
        (-limits::PROOF_MS - 1, false),
    ] {
        let proof = RequestProof::sign(
            &station.key,
            device,
            &station.enrolled.server_key,
            now + off_ms,
        );
        station.token = Some(proof.text());
        let answer: Result<DeviceList, _> = station.post("/devices/list", &()).await;
        match answer {
            Ok(_) => assert!(welcome, "{off_ms} ms off"),
            Err((status, message)) => {
                assert!(!welcome, "{off_ms} ms off");
                assert_eq!((status, message.code.as_str()), (401, "session_unknown"));
            }
        }
    }
    for proof in [
        RequestProof::sign(&station.key, device, &[7; 32], now),
        RequestProof::sign(
            &ed25519_dalek::SigningKey::from_bytes(&[9; 32]),
            device,
            &station.enrolled.server_key,
            now,
        ),
    ] {
        station.token = Some(proof.text());
        let answer: Result<DeviceList, _> = station.post("/devices/list", &()).await;
        assert_eq!(answer.unwrap_err().0, 401);
    }
}
