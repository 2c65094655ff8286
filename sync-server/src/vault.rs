//! Keys at rest: one server key in a file outside the data folder, and under it a key per document and generation.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use ids::{DocumentId, Entropy, Generation};
use protocol::dictionary::{self, With};
use sha2::Sha256;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const NONCE: usize = 24;
const HEADER: &str = "zoufang-server-key-1 ";

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or written.
    #[error("the key file {path} cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The key file is not one of ours.
    #[error("the key file {0} is not a server key")]
    NotAKey(PathBuf),
    /// The key file lies inside the data folder, where a copy of the folder would carry both.
    #[error("the key file {0} lies inside the data folder")]
    Inside(PathBuf),
    /// Sealed with another key, or altered.
    #[error("sealed with another key, or altered")]
    Sealed,
    /// The body cannot be compressed or inflated.
    #[error("the body cannot be compressed or inflated")]
    Body(#[source] protocol::ProtocolError),
}

/// A 256-bit key.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    fn derived(&self, purpose: &str) -> Key {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes are within what HKDF gives");
        Key(key)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

/// The server key, opened.
pub struct Vault {
    root: Key,
    secrets: Key,
    documents: Key,
}

impl Vault {
    /// Makes a new server key file. An existing file is used as it is, so `init` may be repeated.
    ///
    /// # Errors
    /// The file cannot be written, or is not a server key.
    pub fn create(path: &Path, data: &Path, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        if !path.exists() {
            let mut root = [0; 32];
            entropy.fill(&mut root);
            write_secret(path, &format!("{HEADER}{}\n", hex::encode(root)))?;
        }
        Self::open(path, data)
    }

    /// Opens the server key file.
    ///
    /// # Errors
    /// The file cannot be read, is not a server key, or lies inside the data folder.
    pub fn open(path: &Path, data: &Path) -> Result<Self, VaultError> {
        let failed = |source| VaultError::File {
            path: path.to_owned(),
            source,
        };
        let text = fs::read_to_string(path).map_err(failed)?;
        let real = path.canonicalize().map_err(failed)?;
        if data.canonicalize().is_ok_and(|data| real.starts_with(data)) {
            return Err(VaultError::Inside(path.to_owned()));
        }
        let root = text
            .trim()
            .strip_prefix(HEADER.trim_end())
            .and_then(|digits| hex::decode(digits.trim()).ok())
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| VaultError::NotAKey(path.to_owned()))?;
        let root = Key(root);
        Ok(Self {
            secrets: root.derived("secrets 1"),
            documents: root.derived("document keys 1"),
            root,
        })
    }

    /// Seals one of the server's own secrets under its name.
    ///
    /// # Errors
    /// None in practice; the cipher has no other failure than size.
    pub fn seal_secret(
        &self,
        name: &str,
        secret: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        seal(&self.secrets, name.as_bytes(), secret, entropy)
    }

    /// Opens what [`Vault::seal_secret`] sealed under the same name.
    ///
    /// # Errors
    /// Sealed with another key, under another name, or altered.
    pub fn open_secret(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        open(&self.secrets, name.as_bytes(), sealed)
    }

    /// What an erased document is known by: nobody without the server key finds the document from it.
    pub fn document_mark(&self, document: DocumentId) -> [u8; 32] {
        let purpose = [
            b"erased documents 1\0".as_slice(),
            document.0.as_bytes().as_slice(),
        ]
        .concat();
        let mut mark = [0; 32];
        Hkdf::<Sha256>::new(None, &self.root.0)
            .expand(&purpose, &mut mark)
            .expect("32 bytes are within what HKDF gives");
        mark
    }

    /// A new document key, plain and wrapped.
    ///
    /// # Errors
    /// As [`Vault::seal_secret`].
    pub fn new_document_key(
        &self,
        document: DocumentId,
        generation: Generation,
        entropy: &dyn Entropy,
    ) -> Result<(Key, Vec<u8>), VaultError> {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        let wrapped = seal(
            &self.documents,
            &document_name(document, generation),
            &key,
            entropy,
        )?;
        Ok((Key(key), wrapped))
    }

    /// A document key from its wrapped form.
    ///
    /// # Errors
    /// Wrapped with another key, for another document, or altered.
    pub fn document_key(
        &self,
        document: DocumentId,
        generation: Generation,
        wrapped: &[u8],
    ) -> Result<Key, VaultError> {
        let key = open(
            &self.documents,
            &document_name(document, generation),
            wrapped,
        )?;
        Ok(Key(key.try_into().map_err(|_| VaultError::Sealed)?))
    }
}

/// What lies sealed in a row is sealed as: what it is and the row's own key, so that it opens in no other row.
#[must_use]
pub fn of_row(what: &str, key: &[u8]) -> String {
    format!("{what} {}", hex::encode(key))
}

fn document_name(document: DocumentId, generation: Generation) -> Vec<u8> {
    [document.0.as_bytes().as_slice(), &generation.to_be_bytes()].concat()
}

/// Compresses, then seals, bound to a name.
///
/// # Errors
/// The body cannot be compressed.
pub fn seal_body(
    key: &Key,
    name: &[u8],
    body: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let compressed = dictionary::compress(body, With::Newest).map_err(VaultError::Body)?;
    seal(key, name, &compressed, entropy)
}

/// As [`seal_body`], for what is written once and read seldom.
///
/// # Errors
/// As [`seal_body`].
pub fn seal_patiently(
    key: &Key,
    name: &[u8],
    body: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let compressed = dictionary::compress(body, With::NewestPatiently).map_err(VaultError::Body)?;
    seal(key, name, &compressed, entropy)
}

/// Opens, then inflates, at most to `limit` bytes.
///
/// # Errors
/// Sealed otherwise, altered, or larger than the limit.
pub fn open_body(
    key: &Key,
    name: &[u8],
    sealed: &[u8],
    limit: usize,
) -> Result<Vec<u8>, VaultError> {
    let compressed = open(key, name, sealed)?;
    dictionary::inflate(&compressed, limit).map_err(VaultError::Body)
}

fn seal(
    key: &Key,
    name: &[u8],
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce);
    let sealed = XChaCha20Poly1305::new(&key.0.into())
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plain,
                aad: name,
            },
        )
        .map_err(|_| VaultError::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(key: &Key, name: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(VaultError::Sealed)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| VaultError::Sealed)?;
    XChaCha20Poly1305::new(&key.0.into())
        .decrypt(
            &XNonce::from(nonce),
            Payload {
                msg: sealed,
                aad: name,
            },
        )
        .map_err(|_| VaultError::Sealed)
}

/// Writes a secret file that only its owner may read, and never over another.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_secret(path: &Path, text: &str) -> Result<(), VaultError> {
    let failed = |source| VaultError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}
