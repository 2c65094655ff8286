package cn.zoufang.keys

import android.app.Activity
import android.util.Base64
import android.view.View
import android.view.WindowManager
import android.webkit.WebView
import app.tauri.annotation.Command
import app.tauri.annotation.InvokeArg
import app.tauri.annotation.TauriPlugin
import app.tauri.plugin.Invoke
import app.tauri.plugin.JSObject
import app.tauri.plugin.Plugin

@InvokeArg
class HmacArgs {
    /** What is asked for, base64. */
    lateinit var message: String
}

/** Hands the device key to the Rust side, for which the screens have no capability, and keeps the window out of pictures. */
@TauriPlugin
class HardwareKeyPlugin(private val owner: Activity) : Plugin(owner) {
    private val key = DeviceKey("zoufang.device-key.1")

    /**
     * No screenshot, no recording, no cast, and an empty card among the recent apps; no touch that went through another
     * app's window, nothing offered to or taken from an autofill service, and no debugger at the web view.
     */
    override fun load(webView: WebView) {
        owner.runOnUiThread {
            owner.window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
            webView.filterTouchesWhenObscured = true
            webView.importantForAutofill = View.IMPORTANT_FOR_AUTOFILL_NO_EXCLUDE_DESCENDANTS
            WebView.setWebContentsDebuggingEnabled(false)
        }
    }

    @Command
    fun ensure(invoke: Invoke) {
        try {
            key.ensure()
            invoke.resolve(JSObject())
        } catch (failed: Exception) {
            // The text of a key store's exception names nobody; the code is what Rust reads.
            invoke.reject(failed.javaClass.simpleName, FAILED)
        }
    }

    @Command
    fun hmac(invoke: Invoke) {
        try {
            val message = Base64.decode(invoke.parseArgs(HmacArgs::class.java).message, Base64.NO_WRAP)
            val answer = key.hmac(message)
            message.fill(0)
            invoke.resolve(JSObject().put("hmac", Base64.encodeToString(answer, Base64.NO_WRAP)))
            answer.fill(0)
        } catch (gone: DeviceKeyGone) {
            invoke.reject(gone.message ?: "gone", GONE)
        } catch (failed: Exception) {
            invoke.reject(failed.javaClass.simpleName, FAILED)
        }
    }

    @Command
    fun destroy(invoke: Invoke) {
        try {
            key.destroy()
            invoke.resolve(JSObject())
        } catch (failed: Exception) {
            invoke.reject(failed.javaClass.simpleName, FAILED)
        }
    }

    private companion object {
        const val GONE = "gone"
        const val FAILED = "failed"
    }
}
