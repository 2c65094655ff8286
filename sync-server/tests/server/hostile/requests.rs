//! What is sent to the port: bombs, floods, half-open lines, nonsense.

use super::attacks;
use super::siege::Siege;
use protocol::{SyncResponse, limits, wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes to a route under the attacker's session; the answer must be a refusal, never a fault of the server.
async fn rejected(siege: &mut Siege, path: &str, body: Vec<u8>) {
    siege.attacker.open_session().await.unwrap();
    let token = siege.attacker.token.clone();
    let (status, _) = siege.world.http().raw(path, token.as_deref(), body).await;
    assert!((400..500).contains(&status), "{path}: {status}");
}

/// MessagePack that opens so many arrays inside each other.
fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = vec![0x91; depth];
    bytes.push(0xc0);
    bytes
}

fn packed(raw: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(raw, 3).unwrap()
}

attacks! {
    a_body_that_inflates_without_end_is_refused => async |siege: &mut Siege| {
        let bomb = zstd::bulk::compress(&vec![0; 256 * 1024 * 1024], 19).unwrap();
        for path in ["/sync", "/snapshot", "/session/open", "/enrol/start"] {
            rejected(siege, path, bomb.clone()).await;
        }
    };
    frames_of_nothing_in_a_row_are_refused => async |siege: &mut Siege| {
        // Skippable frames, then many empty ones: no message is in any of them.
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18][..], &1000u32.to_le_bytes(), &[0; 1000]].concat();
        rejected(siege, "/sync", skippable.repeat(100)).await;
        rejected(siege, "/sync", packed(&[]).repeat(10_000)).await;
    };
    a_window_wider_than_the_world_is_refused => async |siege: &mut Siege| {
        // A frame header that wants a window of terabytes.
        let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8][..], &[0; 64]].concat();
        rejected(siege, "/sync", frame).await;
    };
    arrays_nested_without_end_do_not_fell_the_server => async |siege: &mut Siege| {
        for depth in [2_000, 100_000, 900_000] {
            rejected(siege, "/sync", packed(&nested(depth))).await;
            rejected(siege, "/session/nonce", packed(&nested(depth))).await;
        }
    };
    maps_in_unknown_fields_nested_without_end_do_not_fell_the_server => async |siege: &mut Siege| {
        // {"zz": {"zz": … }}: the field is unknown, so it is skipped, at any depth.
        for depth in [5_000, 200_000] {
            let mut raw = [0x81, 0xa2, b'z', b'z'].repeat(depth);
            raw.push(0xc0);
            rejected(siege, "/sync", packed(&raw)).await;
        }
    };
    lengths_nobody_can_hold_are_refused => async |siege: &mut Siege| {
        for raw in [
            vec![0xdd, 0xff, 0xff, 0xff, 0xff],
            vec![0xdf, 0xff, 0xff, 0xff, 0xff],
            vec![0xc6, 0xff, 0xff, 0xff, 0xff],
            vec![0xdb, 0xff, 0xff, 0xff, 0xff],
        ] {
            rejected(siege, "/sync", packed(&raw)).await;
            // The same in the place of the outbox.
            let mut inside = vec![0x81, 0xa6];
            inside.extend(b"outbox");
            inside.extend(&raw);
            rejected(siege, "/sync", packed(&inside)).await;
        }
    };
    too_many_envelopes_in_a_part_are_refused => async |siege: &mut Siege| {
        let change = siege.change();
        let head = siege.head(&change);
        let sealed = siege.attacker.seal(&head, change);
        let part = vec![sealed.clone(); limits::PART_ENVELOPES + 1];
        let answer = siege.attacker.sync(None, part).await;
        assert!(matches!(answer, Err((413, _))), "{answer:?}");
        assert!(siege.send(sealed).await.is_in_log());
    };
    a_protocol_to_come_is_told_so => async |siege: &mut Siege| {
        let mut request = siege.attacker.request(None, None, vec![]);
        request.protocol = u16::MAX;
        let answer: Result<SyncResponse, _> = siege.attacker.post("/sync", &request).await;
        assert!(matches!(answer, Err((400..=499, _))), "{answer:?}");
    };
    an_answer_is_never_larger_than_allowed => async |siege: &mut Siege| {
        let start = siege.attacker.start();
        let mut request = siege.attacker.request(Some(start), None, vec![]);
        request.want_bytes = u32::MAX;
        let answer: SyncResponse = siege.attacker.post("/sync", &request).await.unwrap();
        let raw = wire::pack(&answer).unwrap().len();
        assert!(raw <= limits::RESPONSE_INFLATED_BYTES);
    };
    lines_that_say_nothing_keep_nobody_out => async |siege: &mut Siege| {
        let address = siege.world.server().address;
        let mut silent = Vec::new();
        for _ in 0..200 {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        siege.attacker_may_go_on().await;
        drop(silent);
    };
    plain_words_at_a_tls_port_end_the_line => async |siege: &mut Siege| {
        let mut line = TcpStream::connect(siege.world.server().address).await.unwrap();
        line.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        let _ = line.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/"));
    };
    a_handshake_cut_in_the_middle_harms_nobody => async |siege: &mut Siege| {
        for length in [1usize, 5, 40] {
            let mut line = TcpStream::connect(siege.world.server().address).await.unwrap();
            let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
            line.write_all(&hello.repeat(4)[..length]).await.unwrap();
            drop(line);
        }
    };
    routes_that_are_not_there_are_not_found => async |siege: &mut Siege| {
        siege.attacker.open_session().await.unwrap();
        let token = siege.attacker.token.clone();
        for path in ["/", "/admin", "/sync/", "/../etc/passwd", "/documents", "/sync%00", "/SYNC"] {
            let (status, body) = siege.world.http().raw(path, token.as_deref(), vec![]).await;
            assert_eq!(status, 404, "{path}");
            assert!(!String::from_utf8_lossy(&body).contains("etc"), "the request is not echoed");
        }
        assert_eq!(siege.world.http().get("/sync").await.0, 405);
    };
    guessing_codes_burns_them => async |siege: &mut Siege| {
        use crate::support::Half;
        let status = siege.station.new_code(siege.village, "何平").await.unwrap();
        let mut half = Half::begin_typed(siege.world.http(), &status.code).await.unwrap();
        siege.station.confirm(&status, &half.compare_code()).await.unwrap();
        let right = half.secret.clone();
        for guess in 0..limits::WRONG_PROOFS {
            half.secret = guess.to_be_bytes().to_vec();
            assert!(half.try_finish(half.proof()).await.is_err());
        }
        half.secret = right;
        assert!(half.try_finish(half.proof()).await.is_err(), "a burnt code is burnt");
    };
    a_hundred_sessions_at_once_are_one_tablets_right => async |siege: &mut Siege| {
        for _ in 0..100 {
            if siege.attacker.open_session().await.is_err() { break; }
        }
        siege.attacker.token = None;
        siege.attacker_may_go_on().await;
    };
}
