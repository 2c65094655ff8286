//! The rules for children under fourteen: a server with real children does not serve without (P-03).

use std::sync::Arc;
use sync_server::admin::AdminDesk;
use sync_server::child_rules::{self, Responsible};
use sync_server::system::{SystemClock, SystemEntropy};
use sync_server::{InitOptions, Place, Server, ServerConfig, ServerError, init};

const PAPER: &str = include_str!("../../../docs/papers/rules-under-14.zh-CN.md");

fn options(folder: &std::path::Path, demo: bool) -> InitOptions {
    let place = |name: &str, region: &str| Place {
        name: name.to_owned(),
        region: region.to_owned(),
    };
    InitOptions {
        data: folder.join("data"),
        key_file: folder.join("server.key"),
        recovery_shares: folder.join("recovery"),
        district: place("沧浦区", "310199000000"),
        township: place("芦汀镇", "310199100000"),
        policy: None,
        demo,
        supervisor: "周敏".into(),
        address: "127.0.0.1:1".into(),
    }
}

async fn start(options: &InitOptions) -> Result<(), ServerError> {
    let mut config = ServerConfig::new(options.data.clone(), options.key_file.clone());
    config.clock = Arc::new(SystemClock);
    let server = Server::start(config).await?;
    server.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn real_children_are_not_served_without_the_rules_and_a_person_who_answers_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), false);
    init(&options, &SystemClock, &SystemEntropy).unwrap();
    assert!(matches!(start(&options).await, Err(ServerError::NoRules)));

    let (text, responsible) = child_rules::made_up();
    let take = |text: &str, responsible: &Responsible| {
        AdminDesk::open(
            &options.data,
            &options.key_file,
            &SystemClock,
            &SystemEntropy,
        )
        .unwrap()
        .take_child_rules(text, responsible)
        .map_err(|error| error.to_string())
    };
    let refused = take(PAPER, &responsible).unwrap_err();
    assert!(
        refused.contains("姓名、职务"),
        "what is not filled in: {refused}"
    );
    let nobody = Responsible {
        name: " ".into(),
        ..responsible.clone()
    };
    assert!(take(&text, &nobody).is_err());
    let another = Responsible {
        name: "石磊".into(),
        ..responsible.clone()
    };
    let refused = take(&text, &another).unwrap_err();
    assert!(refused.contains("石磊"), "the text says another: {refused}");
    assert!(matches!(start(&options).await, Err(ServerError::NoRules)));

    assert_eq!(take(&text, &responsible), Ok(1));
    start(&options).await.unwrap();
    assert_eq!(
        take(&text, &responsible),
        Ok(2),
        "later ones stand over them"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_serves_without() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), true);
    init(&options, &SystemClock, &SystemEntropy).unwrap();
    start(&options).await.unwrap();
}
