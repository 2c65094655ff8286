package cn.zoufang.keys

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.KeyGenerator
import javax.crypto.Mac
import javax.crypto.SecretKey

/** The key is gone: whoever asks goes the way of recovery. */
class DeviceKeyGone(cause: Throwable? = null) : Exception("the device key is gone", cause)

/** An HMAC-SHA256 key that never leaves the Android Keystore. */
class DeviceKey(private val alias: String) {
    private val store: KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    /** Makes the key if there is none yet. One that is there is never made anew: the PINs hang on it. */
    @Synchronized
    fun ensure() {
        if (store.containsAlias(alias)) return
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            try {
                generate(strongBox = true)
                return
            } catch (unavailable: StrongBoxUnavailableException) {
                // Most tablets have none; the trusted environment is what is left.
            }
        }
        generate(strongBox = false)
    }

    /** HMAC-SHA256 of the message. */
    @Synchronized
    fun hmac(message: ByteArray): ByteArray {
        val key = try {
            store.getKey(alias, null) as? SecretKey ?: throw DeviceKeyGone()
        } catch (lost: UnrecoverableKeyException) {
            throw DeviceKeyGone(lost)
        }
        return try {
            Mac.getInstance(ALGORITHM).run {
                init(key)
                doFinal(message)
            }
        } catch (invalidated: KeyPermanentlyInvalidatedException) {
            throw DeviceKeyGone(invalidated)
        }
    }

    /** Destroys the key, and makes another for whoever is enrolled next. Nothing that was sealed with the old one opens. */
    @Synchronized
    fun destroy() {
        if (store.containsAlias(alias)) store.deleteEntry(alias)
        ensure()
    }

    private fun generate(strongBox: Boolean) {
        val spec = KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_SIGN)
            // A key bound to the screen lock dies with a change of it, and every PIN with the key.
            .setUserAuthenticationRequired(false)
            .apply {
                if (strongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) setIsStrongBoxBacked(true)
            }
            .build()
        KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_HMAC_SHA256, PROVIDER).run {
            init(spec)
            generateKey()
        }
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val ALGORITHM = "HmacSHA256"
    }
}
