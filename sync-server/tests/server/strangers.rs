//! What the server says to nonsense: a code, a sentence, a next step, and it lives on.

use crate::support::World;
use ids::Role;
use protocol::{ErrorMessage, limits, wire};
use std::collections::BTreeSet;
use sync_server::admin::AdminDesk;
use sync_server::system::SystemEntropy;

const PATHS: [&str; 57] = [
    "/enrol/start",
    "/enrol/reveal",
    "/enrol/poll",
    "/enrol/finish",
    "/session/nonce",
    "/session/open",
    "/sync",
    "/snapshot",
    "/documents/read",
    "/inventory",
    "/refill",
    "/blobs/offer",
    "/blobs/chunk",
    "/blobs/read",
    "/enrolments",
    "/enrolments/status",
    "/enrolments/confirm",
    "/enrolments/delegate",
    "/villages",
    "/villages/list",
    "/forms/publish",
    "/devices/list",
    "/refusals/list",
    "/moves/targets",
    "/moves/list",
    "/moves/offer",
    "/moves/decide",
    "/guests/open",
    "/guests/end",
    "/review/list",
    "/review/decide",
    "/devices/revoke",
    "/audit/bring",
    "/audit/list",
    "/exports/list",
    "/exports/request",
    "/exports/decide",
    "/exports/use",
    "/unit-keys/read",
    "/unit-keys/keep",
    "/reports/bring",
    "/reports/list",
    "/cases/answer",
    "/people/list",
    "/people/own",
    "/people/grant",
    "/people/vet",
    "/people/end",
    "/people/cover",
    "/people/cover/end",
    "/people/recusals",
    "/people/recuse",
    "/people/recuse/end",
    "/erasures/list",
    "/erasures/request",
    "/erasures/decide",
    "/erasures/hold",
];

/// Routes of a device that was stopped, and of no other.
const PATHS_OF_STOPPED: [&str; 6] = [
    "/handover",
    "/handover/trail",
    "/handover/offer",
    "/handover/chunk",
    "/handover/remains",
    "/handover/receipt",
];

/// Routes of an officer of the district, and of no station.
const PATHS_OF_OFFICER: [&str; 4] = ["/audit/counts", "/countersign", "/cases/ask", "/cases/read"];

fn error(body: &[u8]) -> ErrorMessage {
    let error: ErrorMessage = serde_json::from_slice(body).unwrap();
    assert!(!error.message.is_empty() && !error.next.is_empty());
    error
}

#[tokio::test]
async fn nonsense_is_malformed_on_every_route() {
    let world = World::new().await;
    let mut station = world.station().await;
    station.open_session().await.unwrap();
    let mut stopped = world
        .colleague(&mut station, Role::Supervisor, world.report.scope, "高岚")
        .await
        .unwrap();
    stopped.open_session().await.unwrap();
    AdminDesk::open(
        &world.data(),
        &world.key_file(),
        world.clock.as_ref(),
        &SystemEntropy,
    )
    .unwrap()
    .revoke(stopped.enrolled.device, "离职")
    .unwrap();
    let mut head = world
        .colleague(&mut station, Role::Head, world.report.scope, "陈敏")
        .await
        .unwrap();
    head.open_session().await.unwrap();
    let of_station = PATHS.map(|path| (path, head.token.clone()));
    let of_stopped = PATHS_OF_STOPPED.map(|path| (path, stopped.token.clone()));
    let mut officer = world.officer("何珊").await.unwrap();
    officer.open_session().await.unwrap();
    let of_officer = PATHS_OF_OFFICER.map(|path| (path, officer.token.clone()));
    let bomb = zstd::bulk::compress(&vec![0; 64 * 1024 * 1024], 3).unwrap();
    assert!(bomb.len() < limits::REQUEST_BYTES);
    let not_ours = wire::encode_request(&vec!["nonsense"; 3]).unwrap();
    let mut mixed = wire::encode_request(&("a", 1, vec![vec![1u8; 100]; 10])).unwrap();
    for (path, token) in of_station.into_iter().chain(of_stopped).chain(of_officer) {
        for body in [
            vec![],
            b"hello".to_vec(),
            vec![0xff; 1000],
            not_ours.clone(),
        ] {
            let (status, body) = world.http().raw(path, token.as_deref(), body).await;
            assert_eq!(
                (status, error(&body).code.as_str()),
                (400, "malformed"),
                "{path}"
            );
        }
        let (status, body) = world.http().raw(path, token.as_deref(), bomb.clone()).await;
        assert_eq!(
            (status, error(&body).code.as_str()),
            (413, "too_large"),
            "{path}"
        );
        let large = vec![7; limits::REQUEST_BYTES + 1];
        let (status, body) = world.http().raw(path, token.as_deref(), large).await;
        assert_eq!(
            (status, error(&body).code.as_str()),
            (413, "too_large"),
            "{path}"
        );
        for index in 0..mixed.len() {
            mixed[index] ^= 0x55;
            let (status, body) = world
                .http()
                .raw(path, token.as_deref(), mixed.clone())
                .await;
            mixed[index] ^= 0x55;
            assert!((400..500).contains(&status), "{path} {status}");
            error(&body);
        }
    }
    assert_eq!(world.http().get("/health").await.0, 200);
}

#[tokio::test]
async fn without_a_session_nothing_is_told() {
    let world = World::new().await;
    for path in PATHS[6..]
        .iter()
        .chain(&PATHS_OF_STOPPED)
        .chain(&PATHS_OF_OFFICER)
    {
        for token in [None, Some("nonsense")] {
            let (status, body) = world.http().raw(path, token, vec![]).await;
            assert_eq!(
                (status, error(&body).code.as_str()),
                (401, "session_unknown")
            );
        }
    }
}

#[tokio::test]
async fn a_session_needs_the_devices_own_signature_and_ends() {
    let world = World::new().await;
    let mut station = world.station().await;
    station.open_session().await.unwrap();
    station.sync(None, vec![]).await.unwrap();
    world.clock.forward(limits::SESSION_MS);
    let (_, refused) = station.sync(None, vec![]).await.unwrap_err();
    assert_eq!(refused.code, "session_unknown");
    station.key = crate::support::signing_key();
    let (status, refused) = station.open_session().await.unwrap_err();
    assert_eq!((status, refused.code.as_str()), (401, "device_unknown"));
    station.enrolled.device.0 = uuid::Uuid::from_u128(1);
    let (_, refused) = station.open_session().await.unwrap_err();
    assert_eq!(refused.code, "device_unknown");
}

#[tokio::test]
async fn a_newer_protocol_is_told_so() {
    let world = World::new().await;
    let mut station = world.station().await;
    let mut request = station.request(None, None, vec![]);
    request.protocol = 2;
    let refused: Result<protocol::SyncResponse, _> = station.post("/sync", &request).await;
    assert_eq!(refused.unwrap_err().1.code, "too_new");
}

#[tokio::test]
async fn unknown_paths_and_methods_have_a_code() {
    let world = World::new().await;
    let (status, body) = world.http().get("/nothing").await;
    assert_eq!((status, error(&body).code.as_str()), (404, "not_found"));
    let (status, body) = world.http().get("/sync").await;
    assert_eq!(
        (status, error(&body).code.as_str()),
        (405, "method_not_allowed")
    );
}

#[tokio::test]
async fn the_description_lists_every_route_with_its_action() {
    let world = World::new().await;
    let (status, body) = world.http().get("/openapi.json").await;
    assert_eq!(status, 200);
    let api: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let listed: BTreeSet<&str> = api["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected: BTreeSet<&str> = PATHS
        .into_iter()
        .chain(PATHS_OF_STOPPED)
        .chain(PATHS_OF_OFFICER)
        .chain(["/health", "/openapi.json"])
        .collect();
    assert_eq!(listed, expected);
    assert_eq!(
        api["paths"]["/sync"]["post"]["description"],
        "Action: ReadLog."
    );
    assert!(api["paths"]["/sync"]["post"]["security"].is_array());
    assert!(api["paths"]["/enrol/start"]["post"]["security"].is_null());
}

#[tokio::test]
async fn a_key_file_of_another_server_is_refused() {
    let mut world = World::new().await;
    world.stop().await;
    let other = World::new().await;
    let config = sync_server::ServerConfig::new(world.data(), other.key_file());
    assert!(sync_server::Server::start(config).await.is_err());
    let inside = world.data().join("server.key");
    std::fs::copy(world.key_file(), &inside).unwrap();
    let config = sync_server::ServerConfig::new(world.data(), inside);
    assert!(sync_server::Server::start(config).await.is_err());
}
