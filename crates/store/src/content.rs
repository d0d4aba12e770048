//! Files with their bytes, as the store keeps and compares them.

use cleat_root::{READ_LIMIT, Root, RootError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// SHA-256 of some bytes, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }

    /// All of it: 64 signs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// The first twelve signs.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its bytes.
    #[serde(flatten, with = "as_text")]
    pub bytes: Vec<u8>,
    /// Its mode, for when it has to be made again.
    pub mode: u32,
}

impl Content {
    /// Reads a file; none where there is none.
    pub fn read(root: &Root, path: &Path) -> Result<Option<Self>, RootError> {
        match root.read_with_metadata(path, READ_LIMIT) {
            Ok((bytes, found)) => Ok(Some(Self {
                bytes,
                mode: found.mode() & 0o7777,
            })),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The digest of its bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// Files by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub BTreeMap<PathBuf, Content>);

impl Files {
    /// One digest of all: of each path and its bytes. Modes do not count.
    pub fn digest(&self) -> Digest {
        let mut all = Sha256::new();
        for (path, content) in &self.0 {
            let name = path.as_os_str().as_bytes();
            for part in [name, &content.bytes] {
                all.update((part.len() as u64).to_le_bytes());
                all.update(part);
            }
        }
        Digest(hex(&all.finalize()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes in JSON: `"text": ...` where they are UTF-8, else `"hex": ...`.
mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Encoded {
        Text(String),
        Hex(String),
    }

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Encoded::Text(text.to_owned()),
            Err(_) => Encoded::Hex(super::hex(bytes)),
        }
        .serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        match Encoded::deserialize(from)? {
            Encoded::Text(text) => Ok(text.into_bytes()),
            Encoded::Hex(hex) => {
                let pair = |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
                let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(pair).collect();
                bytes.ok_or_else(|| D::Error::custom("this is not hexadecimal text"))
            }
        }
    }
}

/// Paths in JSON, for `#[serde(with)]`: bytes that are no UTF-8, and backslashes, as `\xNN`.
pub(crate) mod as_path {
    use super::{OsStr, OsStrExt, Path, PathBuf};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(path))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        String::deserialize(from).map(|text| path(&text))
    }

    fn text(path: &Path) -> String {
        let mut text = String::new();
        for chunk in path.as_os_str().as_bytes().utf8_chunks() {
            text += &chunk.valid().replace('\\', "\\x5c");
            chunk
                .invalid()
                .iter()
                .for_each(|byte| text += &format!("\\x{byte:02x}"));
        }
        text
    }

    fn path(text: &str) -> PathBuf {
        let mut parts = text.split("\\x");
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            match part.get(..2).and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
                Some(byte) => {
                    bytes.push(byte);
                    bytes.extend_from_slice(&part.as_bytes()[2..]);
                }
                None => bytes.extend_from_slice(part.as_bytes()),
            }
        }
        PathBuf::from(OsStr::from_bytes(&bytes))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_path_of_any_bytes_comes_back() {
            for bytes in [&b"/etc/a\nb"[..], b"/a\\x41", b"/\xff\xfe", "/é\\".as_bytes()] {
                let written = Path::new(OsStr::from_bytes(bytes));
                assert_eq!(path(&text(written)), written);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Second witness: `printf abc | sha256sum`.
    #[test]
    fn a_digest_is_that_of_sha256sum() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").as_str(), expected);
        assert_eq!(Digest::of(b"abc").to_string(), "ba7816bf8f01");
    }

    #[test]
    fn bytes_of_any_kind_come_back_from_json() {
        for bytes in [&b""[..], b"auto lo\n", b"\xff\x00\n"] {
            let content = Content {
                bytes: bytes.to_vec(),
                mode: 0o640,
            };
            let json = serde_json::to_string(&content).unwrap();
            assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content, "{json}");
        }
    }

    #[test]
    fn a_digest_of_files_tells_where_one_ends() {
        let files = |pairs: &[(&str, &str)]| {
            let all = pairs.iter().map(|(path, text)| {
                let content = Content {
                    bytes: text.as_bytes().to_vec(),
                    mode: 0o644,
                };
                (PathBuf::from(path), content)
            });
            Files(all.collect()).digest()
        };
        assert_ne!(files(&[("/a", "bc")]), files(&[("/ab", "c")]));
        assert_ne!(files(&[("/a", "b"), ("/c", "")]), files(&[("/a", ""), ("/c", "b")]));
    }
}
