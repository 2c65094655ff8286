//! The hardware key of an Android device, asked through the plugin in `android/`. Compiled for Android only, and not built
//! by this repository's checks (`android/README.md`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{HardwareKey, StoreError};
use serde_json::{Value, json};
use std::io;
use tauri::plugin::mobile::PluginInvokeError;
use tauri::plugin::{Builder, PluginHandle, TauriPlugin};
use tauri::{Manager as _, Wry};
use zeroize::Zeroizing;

/// The code with which the plugin says that the key is gone.
const GONE: &str = "gone";

/// The key in the device's key store.
pub struct AndroidKey(PluginHandle<Wry>);

/// Registers the plugin and makes the key if there is none; the key is then managed state.
pub fn plugin() -> TauriPlugin<Wry> {
    Builder::new("hardware-key")
        .setup(|app, api| {
            let handle = api.register_android_plugin("cn.zoufang.keys", "HardwareKeyPlugin")?;
            let _: Value = handle.run_mobile_plugin("ensure", json!({}))?;
            app.manage(std::sync::Arc::new(AndroidKey(handle)));
            Ok(())
        })
        .build()
}

impl HardwareKey for AndroidKey {
    fn hmac(&self, message: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let asked = json!({ "message": STANDARD.encode(message) });
        let answer: Value =
            self.0
                .run_mobile_plugin("hmac", asked)
                .map_err(|error| match &error {
                    PluginInvokeError::InvokeRejected(refusal)
                        if refusal.code.as_deref() == Some(GONE) =>
                    {
                        StoreError::RecoveryNeeded
                    }
                    _ => StoreError::Io(io::Error::other(error)),
                })?;
        answer
            .get("hmac")
            .and_then(Value::as_str)
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| StoreError::Io(io::ErrorKind::InvalidData.into()))
    }

    fn destroy(&self) -> Result<(), StoreError> {
        let destroyed: Result<Value, _> = self.0.run_mobile_plugin("destroy", json!({}));
        destroyed
            .map(|_| ())
            .map_err(|error| StoreError::Io(io::Error::other(error)))
    }
}
