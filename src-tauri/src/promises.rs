//! What only configuration and the sources for Android say, held against what the documents promise of it.

use serde_json::{Value, json};

const CAPABILITIES: &str = include_str!("../capabilities/main.json");
const WINDOW: &str = include_str!("../tauri.conf.json");
const MANIFEST: &str = include_str!("../android/src/main/AndroidManifest.xml");
const BACKUP: &str = include_str!("../android/src/main/res/xml/nothing_leaves.xml");
const NETWORK: &str = include_str!("../android/src/main/res/xml/no_cleartext.xml");
const PLUGIN: &str = include_str!("../android/src/main/java/cn/zoufang/keys/HardwareKeyPlugin.kt");

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn the_screens_may_send_commands_and_hear_events_and_nothing_else() {
    let capabilities = read(CAPABILITIES);
    assert_eq!(
        capabilities["permissions"],
        json!([
            "allow-call",
            "core:event:allow-listen",
            "core:event:allow-unlisten"
        ])
    );
    assert_eq!(capabilities["windows"], json!(["main"]));
    // A page of elsewhere would be one of these.
    assert_eq!(capabilities.get("remote"), None);
    let window = read(WINDOW);
    let app = &window["app"];
    assert_eq!(app["security"]["capabilities"], json!(["main"]));
    assert_eq!(app["security"]["freezePrototype"], true);
    assert_eq!(app.get("withGlobalTauri"), None);
    for window in app["windows"].as_array().expect("windows") {
        assert_eq!(window["contentProtected"], true);
        // Opened by `open_windows` alone, with its guard.
        assert_eq!(window["create"], false);
    }
}

#[test]
fn on_android_nothing_is_backed_up_sent_in_the_clear_or_pictured() {
    for said in [
        "android:allowBackup=\"false\"",
        "android:fullBackupContent=\"false\"",
        "android:dataExtractionRules=\"@xml/nothing_leaves\"",
        "android:networkSecurityConfig=\"@xml/no_cleartext\"",
    ] {
        assert!(MANIFEST.contains(said), "{said}");
    }
    assert!(!MANIFEST.contains("uses-permission"));
    for way in ["cloud-backup", "device-transfer"] {
        let (_, rest) = BACKUP.split_once(&format!("<{way}>")).expect("begins");
        let (rules, _) = rest.split_once(&format!("</{way}>")).expect("ends");
        for domain in ["root", "file", "database", "sharedpref", "external"] {
            let rule = format!("<exclude domain=\"{domain}\" />");
            assert!(rules.contains(&rule), "{way}: {domain}");
        }
        assert!(!rules.contains("<include"), "{way}");
    }
    assert!(NETWORK.contains("<base-config cleartextTrafficPermitted=\"false\" />"));
    assert!(!NETWORK.contains("true"));
    for said in [
        "addFlags(WindowManager.LayoutParams.FLAG_SECURE)",
        "filterTouchesWhenObscured = true",
        "setWebContentsDebuggingEnabled(false)",
    ] {
        assert!(PLUGIN.contains(said), "{said}");
    }
}
