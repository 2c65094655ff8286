//! Bodies that come slowly, stop coming or never end: a few of them, all at the same time and beside everything else.

use super::line::{Line, Pieces, Reply};
use super::recipes::Kitchen;
use super::{Report, Route};
use crate::fuzz::Dice;
use crate::traffic::Hand;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;
use sync_server::Patience;

/// How many: with everybody else they are below every number of places the server has. A device says one each.
pub const SLOW: usize = 24;

/// How long the server waits in such a run: it is to be seen giving up, and a run is not to take a minute for that.
pub(super) fn patience() -> Patience {
    Patience {
        idle: Duration::from_secs(2),
        request: Duration::from_secs(8),
        ..Patience::default()
    }
}

/// The slow ones that follow from a seed, each on a line of its own.
pub(super) async fn send(
    line: &Line,
    kitchen: &Arc<Kitchen>,
    hands: &[Arc<Hand>],
    seed: u64,
) -> Result<Report> {
    let mut lines = tokio::task::JoinSet::new();
    for (place, hand) in (0..).zip(hands.iter().cloned()) {
        let (line, kitchen) = (line.clone(), Arc::clone(kitchen));
        let mut dice = Dice::new(seed.wrapping_add(place));
        lines.spawn(async move {
            let slow = cook(&kitchen, &mut dice, &hand);
            let reply = line.say_slowly(&slow.head, slow.pieces).await?;
            anyhow::Ok((slow.recipe, reply))
        });
    }
    let mut report = Report::default();
    while let Some(said) = lines.join_next().await {
        let (recipe, reply) = said??;
        report.slow += 1;
        *report.by_recipe.entry(recipe).or_default() += 1;
        let status = match &reply {
            Reply::Answer { status, .. } => *status,
            Reply::Nothing => 0,
        };
        *report.by_status.entry(status).or_default() += 1;
        // Its headers were whole: it is told why it is not waited for.
        if status == 0 || status >= 500 {
            report.server_errors += 1;
            report
                .findings
                .push(format!("slow, seed {seed}: {recipe}: answered {status}"));
        }
    }
    Ok(report)
}

struct Slow {
    recipe: &'static str,
    head: Vec<u8>,
    pieces: Pieces,
}

fn cook(kitchen: &Kitchen, dice: &mut Dice, hand: &Hand) -> Slow {
    // The first draws of neighbouring seeds lie close together.
    for _ in 0..8 {
        dice.below(2);
    }
    let (route, token) = match dice.below(3) {
        0 => (posted("/sync"), Some(kitchen.proof(hand))),
        1 => (posted("/enrol/start"), None),
        _ => (
            kitchen.route_of_words(dice).clone(),
            Some(kitchen.proof(hand)),
        ),
    };
    let body = kitchen.body(dice, &route.path);
    let bearer = token.map_or(String::new(), |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let head = |length: &str| {
        format!(
            "{} {} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{bearer}{length}\r\n\r\n",
            route.method, route.path
        )
        .into_bytes()
    };
    let by_length = head(&format!("content-length: {}", body.len()));
    match dice.below(4) {
        0 => Slow {
            recipe: "body never begun",
            head: by_length,
            pieces: Pieces::None,
        },
        1 => {
            let begun = dice.below(body.len());
            Slow {
                recipe: "body stalled",
                head: [by_length.as_slice(), &body[..begun]].concat(),
                pieces: Pieces::None,
            }
        }
        2 => Slow {
            recipe: "body byte by byte",
            head: by_length,
            pieces: Pieces::Bytes(body),
        },
        _ => Slow {
            recipe: "chunks without end",
            head: head("transfer-encoding: chunked"),
            pieces: Pieces::Chunks,
        },
    }
}

fn posted(path: &str) -> Route {
    Route {
        method: "POST".to_owned(),
        path: path.to_owned(),
    }
}
