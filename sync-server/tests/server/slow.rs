//! Whoever speaks slowly, or begins and says nothing more, keeps nobody else from the server.

use crate::support::{Half, World};
use ids::Clock;
use protocol::limits;
use protocol::session::proof::RequestProof;
use std::sync::Arc;
use std::time::Duration;
use sync_server::{Patience, PerAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A line to the server from an address of this machine; none when the server hangs up before a word.
async fn line_from(world: &World, from: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let server = world.server();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(server.ca_certificate().to_vec().into()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(protocol::enrolment::SERVER_NAME).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let line = socket.connect(server.address).await.unwrap();
    TlsConnector::from(Arc::new(tls)).connect(name, line).await
}

/// A request whose body has begun: the server said that it wants the rest.
async fn dawdle(world: &World, path: &str, token: Option<&str>) -> TlsStream<TcpStream> {
    let mut line = line_from(world, "127.0.0.1").await.unwrap();
    let bearer = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\n{bearer}expect: 100-continue\r\ncontent-length: 1000\r\n\r\n"
    );
    line.write_all(head.as_bytes()).await.unwrap();
    let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut heard = vec![0; expected.len()];
    line.read_exact(&mut heard).await.unwrap();
    assert_eq!(
        String::from_utf8_lossy(&heard),
        String::from_utf8_lossy(expected)
    );
    line.write_all(b"x").await.unwrap();
    line
}

#[tokio::test]
async fn one_address_does_not_take_the_connections_of_the_others() {
    let mut world = World::new().await;
    world.stop().await;
    world.per_address = PerAddress {
        connections: 3,
        ..PerAddress::default()
    };
    world.start().await;
    let mut lines = Vec::new();
    for _ in 0..3 {
        lines.push(dawdle(&world, "/enrol/start", None).await);
    }
    for _ in 0..20 {
        assert!(line_from(&world, "127.0.0.1").await.is_err());
    }
    let mut other = line_from(&world, "127.0.0.2").await.unwrap();
    let ask = b"GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    other.write_all(ask).await.unwrap();
    let mut answer = Vec::new();
    let _ = other.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    drop(lines);
}

#[tokio::test]
async fn strangers_that_dawdle_keep_nobody_from_syncing_enrolling_or_opening_a_session() {
    let world = World::new().await;
    let mut station = world.station().await;
    let village = station.village("东滩村", "310199100201").await;
    let mut tablet = world.tablet(&mut station, village, "林月").await;
    let status = station.new_code(village, "何平").await.unwrap();
    let mut lines = Vec::new();
    for _ in 0..=limits::PLACES_WORDS + limits::PLACES_OPEN {
        lines.push(dawdle(&world, "/enrol/start", None).await);
    }
    tablet.sync(None, vec![]).await.unwrap();
    tablet.open_session().await.unwrap();
    tablet.sync(None, vec![]).await.unwrap();
    Half::begin_typed(world.http(), &status.code).await.unwrap();
    assert_eq!(world.http().get("/health").await.0, 200);
    drop(lines);
}

#[tokio::test]
async fn a_body_that_says_nothing_any_more_is_not_waited_for() {
    let mut world = World::new().await;
    let station = world.station().await;
    world.stop().await;
    world.patience = Patience {
        idle: Duration::from_millis(500),
        ..Patience::default()
    };
    world.start().await;
    // Nothing honest is asked of a server with so little patience.
    let proof = RequestProof::sign(
        &station.key,
        station.enrolled.device,
        &station.enrolled.server_key,
        world.clock.now_ms(),
    )
    .text();
    for (path, token) in [("/enrol/start", None), ("/sync", Some(proof.as_str()))] {
        let mut line = dawdle(&world, path, token).await;
        let mut answer = Vec::new();
        // The line ends with it, whether or not the end is said as TLS wants it.
        let _ = line.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        assert!(answer.contains("timed_out"), "{path}: {answer}");
    }
}
