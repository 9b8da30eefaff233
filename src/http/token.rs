//! The secret that opens the API on TCP: made at the first start, kept in `data_dir/api-token` with mode 0600.
//!
//! It is written under another name and renamed, so that no crash leaves half a secret. Requests are compared in
//! constant time.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::StartError;
use crate::base::Chance;

/// 128 bits in base64, the least that can't be guessed.
const CHARS_MIN: usize = 22;

/// The token, by its digest.
#[derive(Clone, Debug)]
pub struct Token(blake3::Hash);

impl Token {
    pub fn new(secret: &str) -> Self {
        Self(blake3::hash(secret.as_bytes()))
    }

    /// True for an `Authorization: Bearer` field (RFC 6750 §2.1) with the right secret.
    pub fn opens(&self, authorization: &[u8]) -> bool {
        let Some((scheme, secret)) = authorization.split_at_checked(7) else { return false };
        // The comparison of two blake3 hashes takes the same time wherever they differ.
        scheme.eq_ignore_ascii_case(b"bearer ") && blake3::hash(secret.trim_ascii()) == self.0
    }
}

/// Reads the token of this folder, which is made when absent, or makes one of 256 random bits.
pub fn load_or_make(data_dir: &Path, chance: &Chance) -> Result<Token, StartError> {
    let file = data_dir.join("api-token");
    let secret = match fs::read_to_string(&file) {
        Ok(secret) => {
            // A copy from a backup may have come back with a wider mode.
            fs::set_permissions(&file, Permissions::from_mode(0o600)).map(|()| secret)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data_dir, &file, chance),
        Err(error) => Err(error),
    };
    let secret = secret.map_err(|why| StartError::Folder { path: file.clone(), why })?;
    if secret.trim().len() < CHARS_MIN { Err(StartError::WeakToken(file)) } else { Ok(Token::new(secret.trim())) }
}

fn make(data_dir: &Path, file: &Path, chance: &Chance) -> io::Result<String> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    let secret = data_encoding::BASE64URL_NOPAD.encode(&chance.bytes::<32>());
    let unfinished = data_dir.join("api-token.new");
    // One that an earlier start left may have any mode; `create_new` below makes ours.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    writeln!(new, "{secret}")?;
    new.sync_all()?;
    fs::rename(&unfinished, file)?;
    Ok(secret)
}
