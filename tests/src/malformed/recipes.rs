//! What can be wrong with a request, one function each.

use super::Route;
use super::samples::{Sample, TEXT};
use crate::fuzz::Dice;
use crate::traffic::Hand;
use anyhow::{Result, ensure};
use client::system::SystemClock;
use ids::Clock;
use protocol::session::proof::RequestProof;
use protocol::{limits, wire};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is whole, and the server owes an answer.
    Answer,
    /// Nothing more comes; the server may answer.
    HalfClose,
    /// The connection breaks.
    Cut,
}

/// A request.
pub struct Hostile {
    /// What is wrong with it.
    pub recipe: &'static str,
    /// As it goes into TLS.
    pub bytes: Vec<u8>,
    /// How it ends.
    pub ending: Ending,
}

type Recipe = fn(&Kitchen, &mut Dice, &Hand) -> (Vec<u8>, Ending);

/// All of them; what strikes deepest stands more than once.
const RECIPES: &[(&str, Recipe)] = &[
    ("random bytes", random_bytes),
    ("truncated", truncated),
    ("bits flipped", flipped),
    ("flipped inside the compression", flipped_inside),
    ("flipped inside the compression", flipped_inside),
    ("flipped inside the compression", flipped_inside),
    ("another route's message", elsewhere),
    ("texts where none belong", texts_everywhere),
    ("valid with planted texts", planted),
    ("wrong content type", content_type),
    ("huge lengths", huge_lengths),
    ("deep nesting", deep),
    ("zstd bomb", bomb),
    ("wrong method", method),
    ("wrong path", path),
    ("header tricks", headers),
    ("whole but odd headers", odd_headers),
    ("wrong tokens", tokens),
    ("cut", cut),
];

/// Everything requests are made of.
pub struct Kitchen {
    pub routes: Vec<Route>,
    /// How every planted text of this run begins.
    pub planted: String,
    samples: Vec<Sample>,
    server_key: [u8; 32],
    bombs: Vec<Vec<u8>>,
}

impl Kitchen {
    pub fn new(
        routes: Vec<Route>,
        samples: Vec<Sample>,
        server_key: [u8; 32],
        seed: u64,
    ) -> Result<Self> {
        for sample in &samples {
            ensure!(
                routes.iter().any(|route| route.path == sample.path),
                "{} is no route any more",
                sample.path
            );
        }
        let bombs = [
            limits::REQUEST_INFLATED_BYTES + 1,
            8 << 20,
            64 << 20,
            512 << 20,
        ]
        .into_iter()
        .map(bomb_of)
        .collect::<Result<_>>()?;
        Ok(Self {
            routes,
            planted: format!("zfecho{:016x}", seed ^ 0x5a5a_c3c3_9696_0f0f),
            samples,
            server_key,
            bombs,
        })
    }

    /// The request that follows from these dice.
    pub fn cook(&self, dice: &mut Dice, hand: &Hand) -> Hostile {
        // The first draws of neighbouring seeds lie close together.
        for _ in 0..8 {
            dice.below(2);
        }
        let (recipe, make) = RECIPES[dice.below(RECIPES.len())];
        let (bytes, ending) = make(self, dice, hand);
        Hostile {
            recipe,
            bytes,
            ending,
        }
    }

    /// A text nobody else sends, as long as [`TEXT`].
    fn text(&self, dice: &mut Dice) -> String {
        let mut text = self.planted.clone();
        while text.len() < TEXT.len() {
            text.push(char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or(0)));
        }
        text
    }

    fn route(&self, dice: &mut Dice) -> &Route {
        &self.routes[dice.below(self.routes.len())]
    }

    /// One whose places are so many that a few slow requests are nobody else's loss, and that takes a body.
    pub fn route_of_words(&self, dice: &mut Dice) -> &Route {
        let few = [
            "/blobs/",
            "/handover/offer",
            "/handover/chunk",
            "/snapshot",
            "/documents/",
        ];
        let fits = |route: &&Route| {
            route.method == "POST" && !few.iter().any(|begin| route.path.starts_with(begin))
        };
        let routes: Vec<&Route> = self.routes.iter().filter(fits).collect();
        routes[dice.below(routes.len())]
    }

    /// A valid body for a route, as [`Kitchen::message`].
    pub fn body(&self, dice: &mut Dice, path: &str) -> Vec<u8> {
        squeezed(&self.message(dice, path))
    }

    /// A valid message for a route, its texts planted; of any other where the route takes none we know of.
    fn message(&self, dice: &mut Dice, path: &str) -> Vec<u8> {
        let own: Vec<&Sample> = self
            .samples
            .iter()
            .filter(|sample| sample.path == path)
            .collect();
        let sample = if own.is_empty() {
            &self.samples[dice.below(self.samples.len())]
        } else {
            own[dice.below(own.len())]
        };
        let text = self.text(dice);
        let mut raw = sample.raw.clone();
        while let Some(at) = find(&raw, TEXT.as_bytes()) {
            raw[at..at + TEXT.len()].copy_from_slice(text.as_bytes());
        }
        raw
    }

    /// Who says it: a device by its proof, mostly.
    fn token(&self, dice: &mut Dice, hand: &Hand) -> Option<String> {
        (dice.below(4) > 0).then(|| self.proof(hand))
    }

    /// What a device shows in the place of a session.
    pub fn proof(&self, hand: &Hand) -> String {
        let now_ms = SystemClock.now_ms();
        RequestProof::sign(&hand.key, hand.device, &self.server_key, now_ms).text()
    }

    /// A whole request to a route.
    fn to_route(&self, dice: &mut Dice, hand: &Hand, body: &[u8], route: &Route) -> Vec<u8> {
        let token = self.token(dice, hand);
        whole(&route.method, &route.path, token.as_deref(), body)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn whole(method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Vec<u8> {
    let bearer = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let mut bytes = format!(
        "{method} {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: {}\r\n{bearer}content-length: {}\r\n\r\n",
        wire::MEDIA_TYPE,
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Compressed without a look at what it is.
fn squeezed(raw: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(raw, 1).unwrap_or_default()
}

fn random(dice: &mut Dice, length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| u8::try_from(dice.below(256)).unwrap_or(0))
        .collect()
}

fn random_bytes(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let length = [0, 1, 16, 400, 4_000][dice.below(5)];
    let mut body = random(dice, length);
    body.extend_from_slice(kitchen.text(dice).as_bytes());
    if dice.below(2) == 0 {
        body = squeezed(&body);
    }
    let route = kitchen.route(dice);
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn truncated(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let mut raw = kitchen.message(dice, &route.path);
    let body = if dice.below(2) == 0 {
        raw.truncate(dice.below(raw.len()));
        squeezed(&raw)
    } else {
        let mut body = squeezed(&raw);
        body.truncate(dice.below(body.len()));
        body
    };
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn flipped(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    let body = dice.mutate(&body, &kitchen.bombs[0]);
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn flipped_inside(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let raw = kitchen.message(dice, &route.path);
    let other = &kitchen.samples[dice.below(kitchen.samples.len())].raw;
    let body = squeezed(&dice.mutate(&raw, other));
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn elsewhere(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let (from, route) = (kitchen.route(dice).path.clone(), kitchen.route(dice));
    let body = squeezed(&kitchen.message(dice, &from));
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

/// Every field there is, each holding a text: a parser that complains must not quote it.
fn texts_everywhere(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let raw = kitchen.message(dice, &route.path);
    let text = kitchen.text(dice);
    let keys: BTreeMap<String, IgnoredAny> = wire::unpack(&raw).unwrap_or_default();
    let mut fields: BTreeMap<String, String> =
        keys.into_keys().map(|key| (key, text.clone())).collect();
    fields.insert(text.clone(), text);
    let body = squeezed(&wire::pack(&fields).unwrap_or_default());
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn planted(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn content_type(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let raw = kitchen.message(dice, &route.path);
    let text = kitchen.text(dice);
    let (kind, body) = match dice.below(5) {
        0 => (
            "application/json",
            format!("{{\"name\":\"{text}\"}}").into_bytes(),
        ),
        1 => (
            "application/x-www-form-urlencoded",
            format!("name={text}&person={text}").into_bytes(),
        ),
        2 => (
            "multipart/form-data; boundary=x",
            format!("--x\r\n\r\n{text}\r\n--x--").into_bytes(),
        ),
        3 => ("text/html", raw),
        _ => ("", squeezed(&raw)),
    };
    let token = kitchen.proof(hand);
    let mut bytes = format!(
        "{} {} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-encoding: gzip\r\naccept: {text}/*\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        route.method,
        route.path,
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    (bytes, Ending::Answer)
}

/// Says that gigabytes follow, in MessagePack or in the compressed frame.
fn huge_lengths(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let claims: [&[u8]; 6] = [
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
        &[0xc9, 0x7f, 0xff, 0xff, 0xff, 1],
        &[0xdc, 0xff, 0xff],
    ];
    let claim = claims[dice.below(claims.len())];
    let text = kitchen.text(dice);
    let body = match dice.below(3) {
        0 => squeezed(&[claim, text.as_bytes()].concat()),
        1 => {
            let mut raw = kitchen.message(dice, &route.path);
            let at = dice.below(raw.len());
            raw.splice(at..at, claim.iter().copied());
            squeezed(&raw)
        }
        // A frame that tells a content of 2^63 bytes, or none at all.
        _ => {
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, [0xe0, 0x20, 0x00][dice.below(3)]];
            frame.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
            frame.extend_from_slice(text.as_bytes());
            frame
        }
    };
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn deep(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let levels = [
        limits::MESSAGE_DEPTH - 1,
        limits::MESSAGE_DEPTH + 1,
        1_000,
        100_000,
        limits::REQUEST_INFLATED_BYTES - 1_000,
    ][dice.below(5)];
    let nest: &[u8] = [&[0x91][..], &[0x81, 0xa1, b'a'], &[0x81]][dice.below(3)];
    let mut raw = Vec::new();
    if dice.below(2) == 0 {
        // Inside a field that is known, too.
        raw.extend([0x81, 0xa6]);
        raw.extend_from_slice(b"outbox");
    }
    raw.extend(nest.iter().cycle().take(levels));
    raw.extend_from_slice(kitchen.text(dice).as_bytes());
    let body = squeezed(&raw);
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

/// Zeros as a stream, so that their number is told nowhere, or as one block that tells it.
fn bomb_of(size: usize) -> Result<Vec<u8>> {
    if size > 64 << 20 {
        return Ok(zstd::stream::encode_all(
            std::io::Read::take(std::io::repeat(0), size as u64),
            1,
        )?);
    }
    Ok(zstd::bulk::compress(&vec![0xc0; size], 1)?)
}

fn bomb(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let mut body = kitchen.bombs[dice.below(kitchen.bombs.len())].clone();
    match dice.below(4) {
        // In itself.
        0 => body = squeezed(&body),
        // One after the other.
        1 => body.extend(kitchen.bombs[0].clone()),
        _ => {}
    }
    (kitchen.to_route(dice, hand, &body, route), Ending::Answer)
}

fn method(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let methods = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "CONNECT", "PROPFIND",
    ];
    let method = methods[dice.below(methods.len())];
    let body = squeezed(&kitchen.message(dice, &route.path));
    let token = kitchen.token(dice, hand);
    let bytes = whole(method, &route.path, token.as_deref(), &body);
    // What CONNECT is about is not a path, so hyper may hang up on it.
    let ending = if method == "CONNECT" {
        Ending::HalfClose
    } else {
        Ending::Answer
    };
    (bytes, ending)
}

fn path(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let text = kitchen.text(dice);
    let own = &route.path;
    let path = match dice.below(10) {
        0 => format!("/{text}"),
        1 => format!("{own}/{text}"),
        2 => format!("{own}?q={text}&%00=%ff"),
        3 => format!("/%2e%2e/%2e%2e/etc/{text}"),
        4 => format!("/..%5c..{own}//../../{text}"),
        5 => format!("//{text}{own}"),
        6 => format!("/{}", text.repeat(100)),
        7 => format!("http://{text}{own}"),
        8 => format!("{own}%00{text}"),
        _ => format!("{own};{text}=1/./%E5%AD%A9"),
    };
    let body = squeezed(&kitchen.message(dice, own));
    let token = kitchen.token(dice, hand);
    let bytes = whole(&route.method, &path, token.as_deref(), &body);
    (bytes, Ending::Answer)
}

/// What is no HTTP, or no one HTTP request.
fn headers(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let text = kitchen.text(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    let token = kitchen.proof(hand);
    let length = body.len();
    let tricks = [
        format!(
            "content-length: {length}\r\ncontent-length: {}\r\n",
            length + 1
        ),
        format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"),
        "transfer-encoding: chunked\r\n".to_owned(),
        "transfer-encoding: chunked, identity, gzip\r\n".to_owned(),
        "content-length: -1\r\n".to_owned(),
        "content-length: 18446744073709551616\r\n".to_owned(),
        "content-length: 9223372036854775807\r\n".to_owned(),
        format!("content-length: {length}\r\n{text}\r\n"),
        format!("content-length: {length}\r\n folded {text}\r\n"),
        format!("content-length: {length}\r\nx\0y: {text}\r\n"),
        format!("content-length: {length}\r\nx: {}\r\n", text.repeat(20_000)),
        format!(
            "content-length: {length}\r\n{}",
            format!("x: {text}\r\n").repeat(300)
        ),
        format!("content-length: {length}\r\nupgrade: h2c\r\nconnection: upgrade\r\nx: {text}\r\n"),
        format!("content-length: {}\r\nexpect: 100-continue\r\n", length + 5),
    ];
    let trick = &tricks[dice.below(tricks.len())];
    let version = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "JUNK"][dice.below(10).min(4)];
    let mut bytes = format!(
        "{} {} {version}\r\nhost: h\r\nauthorization: Bearer {token}\r\n{trick}\r\n",
        route.method, route.path
    )
    .into_bytes();
    if trick.starts_with("transfer") && dice.below(2) == 0 {
        let sizes = [
            format!("{length:x}"),
            "ffffffffffffffff".to_owned(),
            text,
            "-1".to_owned(),
        ];
        bytes.extend(format!("{}\r\n", sizes[dice.below(sizes.len())]).into_bytes());
    }
    bytes.extend(body);
    (bytes, Ending::HalfClose)
}

/// One whole request that says unusual things about itself.
fn odd_headers(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let text = kitchen.text(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    let tricks = [
        format!("origin: https://{text}\r\n"),
        format!("x-forwarded-for: {text}\r\nx-original-url: /{text}\r\n"),
        format!("x-http-method-override: {text}\r\n"),
        format!("cookie: {}\r\n", text.repeat(40)),
        format!("range: bytes=0-{text}\r\nif-none-match: \"{text}\"\r\n"),
        format!("accept-language: {text}\r\nuser-agent: {text}\r\n"),
        format!("transfer-encoding-x: chunked\r\nte: trailers, {text}\r\n"),
        format!("x: \u{e5}\u{ad}{text}\r\n"),
    ];
    let trick = &tricks[dice.below(tricks.len())];
    let token = kitchen.proof(hand);
    let mut bytes = format!(
        "{} {} HTTP/1.1\r\nhost: {text}\r\nconnection: close\r\n{trick}authorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        route.method,
        route.path,
        body.len()
    )
    .into_bytes();
    bytes.extend(body);
    (bytes, Ending::Answer)
}

fn tokens(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    let text = kitchen.text(dice);
    let proof = kitchen.proof(hand);
    let token = match dice.below(8) {
        0 => text,
        1 => String::new(),
        2 => format!("{proof}.{text}"),
        3 => proof[..dice.below(proof.len())].to_owned(),
        4 => proof.replacen('.', &format!(".-{text}"), 1),
        5 => proof.replace(|digit: char| digit.is_ascii_hexdigit(), "f"),
        6 => {
            let late = SystemClock.now_ms() - 2 * limits::PROOF_MS;
            RequestProof::sign(&hand.key, hand.device, &kitchen.server_key, late).text()
        }
        _ => {
            // Another device's name under this one's signature.
            let other = ids::DeviceId(uuid::Uuid::from_u128(dice.below(usize::MAX) as u128));
            RequestProof::sign(&hand.key, other, &kitchen.server_key, SystemClock.now_ms()).text()
        }
    };
    (
        whole(&route.method, &route.path, Some(&token), &body),
        Ending::Answer,
    )
}

fn cut(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> (Vec<u8>, Ending) {
    let route = kitchen.route(dice);
    let body = squeezed(&kitchen.message(dice, &route.path));
    let mut bytes = kitchen.to_route(dice, hand, &body, route);
    bytes.truncate(dice.below(bytes.len()));
    let ending = if dice.below(2) == 0 {
        Ending::Cut
    } else {
        Ending::HalfClose
    };
    (bytes, ending)
}
