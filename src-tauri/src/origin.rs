//! The window shows the screens and nothing else: it goes to no other origin and opens no other window.

use tauri::Url;

/// Whether the window may go to an address: the screens' own origin, which on Windows and Android has the form of a website,
/// what the screens made themselves to be saved as a file, and a number for the system to dial, which is no page. `served` is where screens under development come from.
pub(crate) fn is_own(address: &Url, served: Option<&Url>) -> bool {
    if address.scheme() == "tel" {
        return true;
    }
    if address.scheme() == "blob" {
        let made_by = Url::parse(address.path());
        return made_by.is_ok_and(|made_by| made_by.scheme() != "blob" && is_own(&made_by, served));
    }
    let is_bare =
        address.username().is_empty() && address.password().is_none() && address.port().is_none();
    let is_screens = match address.scheme() {
        "tauri" => address.host_str() == Some("localhost"),
        "http" | "https" => address.host_str() == Some("tauri.localhost"),
        _ => false,
    };
    is_bare && is_screens || served.is_some_and(|served| served.origin() == address.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes(address: &str, served: Option<&str>) -> bool {
        let served = served.map(|served| Url::parse(served).expect("an address"));
        is_own(&Url::parse(address).expect("an address"), served.as_ref())
    }

    #[test]
    fn the_screens_are_its_own_whatever_their_path() {
        for own in [
            "tauri://localhost",
            "tauri://localhost/index.html#/children/1",
            "http://tauri.localhost/",
            "https://tauri.localhost/assets/a.js",
            "blob:tauri://localhost/0b6c",
            "blob:http://tauri.localhost/0b6c",
            "tel:110",
        ] {
            assert!(goes(own, None), "{own}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for other in [
            "https://example.org/",
            "http://localhost:5173/",
            "http://127.0.0.1:8443/",
            "https://tauri.localhost.example.org/",
            "https://tauri.localhost@example.org/",
            "https://a@tauri.localhost/",
            "http://tauri.localhost:81/",
            "tauri://example.org/",
            "blob:https://example.org/0b6c",
            "blob:blob:tauri://localhost/0b6c",
            "data:text/html,<p>",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "about:blank",
        ] {
            assert!(!goes(other, None), "{other}");
        }
    }

    #[test]
    fn screens_under_development_are_where_they_are_served() {
        let served = Some("http://localhost:5173");
        assert!(goes("http://localhost:5173/children", served));
        assert!(!goes("http://localhost:5174/", served));
        assert!(!goes("https://localhost:5173/", served));
    }
}
