//! The window: Tauri around the same core. It knows one command and one event, and no rule.

#[cfg(target_os = "android")]
mod hardware_key;
mod origin;
#[cfg(test)]
mod promises;

use client::view::{ShellKind, UiError};
use client::{App, AppSettings, Extension};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use tauri::async_runtime::spawn;
use tauri::webview::NewWindowResponse;
use tauri::{
    App as Window, AppHandle, Emitter as _, Manager as _, RunEvent, State, Url,
    WebviewWindowBuilder,
};
use tokio::sync::broadcast::error::RecvError;

/// How the window is started.
pub struct Start {
    /// Folder of this person's store; the system's place for app data when not given.
    pub folder: Option<PathBuf>,
    /// Which shell a folder without an enrolment shows.
    pub shell: ShellKind,
    /// Ends with whoever started it: when standard input closes.
    pub until_input_closes: bool,
}

/// The core, or why it could not start; the screens have words for it.
struct Core(Result<Arc<App>, UiError>);

#[tauri::command]
async fn call(core: State<'_, Core>, command: String, argument: Value) -> Result<Value, UiError> {
    let app = core.0.as_ref().map_err(Clone::clone)?;
    app.call(&command, argument)
        .await
        .map_err(|error| error.to_ui())
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// There is no display, or the system's web view is missing.
pub fn run(start: Start) -> tauri::Result<()> {
    let builder = tauri::Builder::default();
    #[cfg(target_os = "android")]
    let builder = builder.plugin(hardware_key::plugin());
    builder
        .invoke_handler(tauri::generate_handler![call])
        .setup(move |window| {
            let folder = match start.folder {
                Some(folder) => folder,
                None => window.path().app_data_dir()?,
            };
            let mut settings = AppSettings::new(folder, start.shell);
            settings.extensions = extensions();
            #[cfg(target_os = "android")]
            {
                let key = window.state::<Arc<hardware_key::AndroidKey>>();
                settings.hardware = Some(key.inner().clone());
            }
            let opened = App::open(settings);
            if let Ok(app) = &opened {
                spawn(forward(app.clone(), window.handle().clone()));
            }
            window.manage(Core(opened.map_err(|error| error.to_ui())));
            open_windows(window)?;
            if start.until_input_closes {
                let handle = window.handle().clone();
                std::thread::spawn(move || {
                    // An error is an end as well.
                    let _ = std::io::stdin().read_to_end(&mut Vec::new());
                    handle.exit(0);
                });
            }
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|handle, event| {
            if let (RunEvent::Exit, Some(core)) = (event, handle.try_state::<Core>())
                && let Ok(app) = &core.0
            {
                app.end();
            }
        });
    Ok(())
}

/// Opens what the configuration names, with a guard on where each may go. `create` is false there, so that none is open
/// without.
fn open_windows(app: &Window) -> tauri::Result<()> {
    let served = tauri::is_dev()
        .then(|| app.config().build.dev_url.clone())
        .flatten();
    for config in &app.config().app.windows {
        let served: Option<Url> = served.clone();
        WebviewWindowBuilder::from_config(app, config)?
            .on_navigation(move |address| {
                let is_own = origin::is_own(address, served.as_ref());
                if !is_own {
                    tracing::warn!("the window was asked to leave the screens and stays");
                }
                is_own
            })
            .on_new_window(|_, _| {
                tracing::warn!("another window was asked for and refused");
                NewWindowResponse::Deny
            })
            .build()?;
    }
    Ok(())
}

#[cfg(feature = "station")]
fn extensions() -> Vec<Arc<dyn Extension>> {
    vec![Arc::new(office::Station)]
}

#[cfg(not(feature = "station"))]
fn extensions() -> Vec<Arc<dyn Extension>> {
    Vec::new()
}

/// Starts the sync and tells the screens what changed.
async fn forward(app: Arc<App>, window: AppHandle) {
    let mut changes = app.changes();
    app.start_sync();
    loop {
        // A screen that missed some asks for everything.
        let what = match changes.recv().await {
            Ok(what) => what,
            Err(RecvError::Lagged(_)) => "app",
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = window.emit("changed", json!({ "what": what })) {
            tracing::warn!(%error, "a change could not be told to the window");
        }
    }
}
