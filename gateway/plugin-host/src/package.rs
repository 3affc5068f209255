//! A plugin as one signed file: a tar archive of `plugin.toml`, `component.wasm` and, signed, `signature.toml`, in this order and with nothing
//! else. The signature (Ed25519, RFC 8032) is over the SHA-256 of each of the first two, so that neither can be changed or taken from another
//! package.
//!
//! Architecture invariant: pure. Whether a publisher is trusted is asked for here and decided by the operator's list.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Manifest;
use crate::digest::sha256;
use crate::error::InstallError;

const MANIFEST: &str = "plugin.toml";
const COMPONENT: &str = "component.wasm";
const SIGNATURE: &str = "signature.toml";
/// Bytes of a manifest, and of a signature.
const MOST_TEXT: usize = 64 << 10;
/// What a WebAssembly component begins with: the magic, and the component layer's version.
const COMPONENT_BEGINS: &[u8] = b"\0asm\x0d\0\x01\0";
const CORE_MODULE_BEGINS: &[u8] = b"\0asm\x01\0\0\0";
/// Stands before what is signed, so that a signature is never one of something else.
const SIGNED_AS: &[u8] = b"outreach-plugin-package-v1\n";
const PEM_LABEL: &str = "PRIVATE KEY";

/// Why a package can't be made, read or trusted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Its manifest can't be used.
    #[error("{0}")]
    Manifest(String),
    /// The component is none.
    #[error("`{COMPONENT}` is {0}; expected a WebAssembly component, as `cargo build --target wasm32-wasip2` or componentize-js make it")]
    Component(&'static str),
    /// Something is larger than is taken.
    #[error("`{what}` has more than {most} bytes, which is the most that is taken")]
    TooLarge {
        /// The entry.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// It is no package.
    #[error("this is no plugin package: {0}")]
    Broken(String),
    /// The signing key can't be used.
    #[error("this is no signing key: expected the PKCS#8 PEM of an Ed25519 key, as `outreach plugin key` makes it")]
    Key,
    /// It is not signed.
    #[error("the package is not signed; ask its publisher for a signed one")]
    Unsigned,
    /// It is signed by somebody the operator does not know.
    #[error(
        "the package is signed by `{0}`, who is not one of the trusted publishers; compare the key with its publisher, then add it to `plugins.publishers`"
    )]
    NotTrusted(PublisherKey),
    /// It is not what was signed.
    #[error("the package was altered after it was signed by `{0}`, or damaged on its way; get it anew")]
    Altered(PublisherKey),
}

impl From<InstallError> for PackageError {
    fn from(error: InstallError) -> Self {
        Self::Manifest(error.to_string())
    }
}

/// The public key of a publisher, 32 bytes. Its text is `ed25519:` and base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublisherKey([u8; 32]);

impl fmt::Display for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublisherKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let key = text.trim().strip_prefix("ed25519:").and_then(|it| STANDARD.decode(it).ok()).and_then(|it| it.try_into().ok());
        key.map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            format!("`{shown}` is no publisher's key: expected `ed25519:` and 44 characters of base64, as `outreach plugin key` shows it")
        })
    }
}

impl TryFrom<String> for PublisherKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublisherKey> for String {
    fn from(key: PublisherKey) -> Self {
        key.to_string()
    }
}

/// The key a publisher signs with. Never shown; [`SigningKey::to_pem`] is for its file.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key that belongs to 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, PackageError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| PackageError::Key)
    }

    /// Reads what [`SigningKey::to_pem`] or `openssl genpkey -algorithm ed25519` wrote.
    pub fn from_pem(text: &str) -> Result<Self, PackageError> {
        let block = pem::parse(text).map_err(|_| PackageError::Key)?;
        if block.tag() != PEM_LABEL {
            return Err(PackageError::Key);
        }
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(block.contents()).map(Self).map_err(|_| PackageError::Key)
    }

    /// PKCS#8 as PEM.
    pub fn to_pem(&self) -> Result<String, PackageError> {
        let document = self.0.to_pkcs8v1().map_err(|_| PackageError::Key)?;
        let line_feeds = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(pem::encode_config(&pem::Pem::new(PEM_LABEL, document.as_ref()), line_feeds))
    }

    /// What others know the publisher by.
    pub fn publisher(&self) -> Result<PublisherKey, PackageError> {
        self.0.public_key().as_ref().try_into().map(PublisherKey).map_err(|_| PackageError::Key)
    }
}

/// `signature.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    publisher: PublisherKey,
    /// 64 bytes as base64.
    signature: String,
}

/// A package as read. Nothing of it is to be used before [`Package::signed_by`] has said whose it is.
#[derive(Debug)]
pub struct Package {
    /// Its manifest.
    pub manifest: Manifest,
    /// The manifest as it is written.
    pub manifest_text: String,
    /// The component.
    pub component: Vec<u8>,
    signature: Option<Signature>,
}

/// Makes a package of a manifest and a component, signed where there is a key.
///
/// # Errors
/// [`PackageError`] where one of them can't be used.
pub fn pack(manifest: &str, component: &[u8], key: Option<&SigningKey>) -> Result<Vec<u8>, PackageError> {
    Manifest::read(manifest)?;
    check_component(component)?;
    let mut archive = tar::Builder::new(Vec::with_capacity(component.len() + (8 << 10)));
    add(&mut archive, MANIFEST, manifest.as_bytes())?;
    add(&mut archive, COMPONENT, component)?;
    if let Some(key) = key {
        let signature = STANDARD.encode(key.0.sign(&signed(manifest, component)).as_ref());
        let text = toml::to_string(&Signature { publisher: key.publisher()?, signature });
        let text = text.map_err(|error| PackageError::Broken(format!("its signature can't be written: {error}")))?;
        add(&mut archive, SIGNATURE, text.as_bytes())?;
    }
    archive.into_inner().map_err(|error| PackageError::Broken(error.to_string()))
}

/// The same bytes at any time and on any machine.
fn add(archive: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) -> Result<(), PackageError> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    archive.append_data(&mut header, name, bytes).map_err(|error| PackageError::Broken(error.to_string()))
}

impl Package {
    /// Reads a package with a component of at most so many bytes.
    ///
    /// # Errors
    /// [`PackageError`] where it is none; nothing is said yet about who made it.
    pub fn read(file: &[u8], most_component: usize) -> Result<Self, PackageError> {
        let broken = |error: std::io::Error| PackageError::Broken(error.to_string());
        let mut archive = tar::Archive::new(file);
        let mut entries = archive.entries().map_err(broken)?;
        let mut next = |expected: &'static str, most: usize| -> Result<Option<Vec<u8>>, PackageError> {
            let Some(entry) = entries.next() else { return Ok(None) };
            let mut entry = entry.map_err(broken)?;
            if entry.path_bytes().as_ref() != expected.as_bytes() || !entry.header().entry_type().is_file() {
                return Err(PackageError::Broken(format!("it has something else where `{expected}` belongs")));
            }
            let size = usize::try_from(entry.size()).unwrap_or(usize::MAX);
            if size > most {
                return Err(PackageError::TooLarge { what: expected, most });
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            if bytes.len() != size {
                return Err(PackageError::Broken(format!("`{expected}` ends early")));
            }
            Ok(Some(bytes))
        };
        let missing = |what: &str| PackageError::Broken(format!("it has no `{what}`"));
        let text =
            |bytes: Vec<u8>, what: &str| String::from_utf8(bytes).map_err(|_| PackageError::Broken(format!("`{what}` is not UTF-8")));
        let manifest_text = text(next(MANIFEST, MOST_TEXT)?.ok_or_else(|| missing(MANIFEST))?, MANIFEST)?;
        let component = next(COMPONENT, most_component)?.ok_or_else(|| missing(COMPONENT))?;
        let signature = next(SIGNATURE, MOST_TEXT)?;
        if next("its end", 0)?.is_some() {
            return Err(PackageError::Broken("something follows its signature".to_owned()));
        }
        let manifest = Manifest::read(&manifest_text)?;
        check_component(&component)?;
        let read = |bytes| -> Result<Signature, PackageError> {
            let reason = |error: toml::de::Error| PackageError::Broken(format!("`{SIGNATURE}`: {}", error.message()));
            toml::from_str(&text(bytes, SIGNATURE)?).map_err(reason)
        };
        Ok(Self { manifest, manifest_text, component, signature: signature.map(read).transpose()? })
    }

    /// Whose it is: the key by which it was signed, as it is now.
    ///
    /// # Errors
    /// [`PackageError::Unsigned`], or [`PackageError::Altered`].
    pub fn signed_by(&self) -> Result<PublisherKey, PackageError> {
        let signature = self.signature.as_ref().ok_or(PackageError::Unsigned)?;
        let altered = || PackageError::Altered(signature.publisher);
        let bytes = STANDARD.decode(&signature.signature).map_err(|_| altered())?;
        let key = UnparsedPublicKey::new(&ED25519, signature.publisher.0);
        key.verify(&signed(&self.manifest_text, &self.component), &bytes).map_err(|_| altered())?;
        Ok(signature.publisher)
    }

    /// Whose it is, where that is one of these.
    ///
    /// # Errors
    /// As [`Package::signed_by`], and [`PackageError::NotTrusted`].
    pub fn trusted(&self, publishers: &[PublisherKey]) -> Result<PublisherKey, PackageError> {
        let publisher = self.signed_by()?;
        if publishers.contains(&publisher) { Ok(publisher) } else { Err(PackageError::NotTrusted(publisher)) }
    }

    /// SHA-256 of the component, in hexadecimal digits.
    pub fn digest(&self) -> String {
        sha256(&self.component)
    }
}

fn signed(manifest: &str, component: &[u8]) -> Vec<u8> {
    [SIGNED_AS, &Sha256::digest(manifest.as_bytes()), &Sha256::digest(component)].concat()
}

fn check_component(component: &[u8]) -> Result<(), PackageError> {
    if component.starts_with(COMPONENT_BEGINS) {
        Ok(())
    } else if component.starts_with(CORE_MODULE_BEGINS) {
        Err(PackageError::Component("a WebAssembly core module"))
    } else {
        Err(PackageError::Component("no WebAssembly"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"pigeon\"\nversion = \"1.0.0\"\nkind = \"channel\"\ndescription = \"Carries notes.\"\nasks = [\"log\"]\n";
    const MOST: usize = 1 << 20;

    fn component() -> Vec<u8> {
        [COMPONENT_BEGINS, &[7; 3_000]].concat()
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32]).unwrap()
    }

    #[test]
    fn a_package_says_what_it_is_and_whose() {
        let file = pack(TEXT, &component(), Some(&key(1))).unwrap();
        assert_eq!(file, pack(TEXT, &component(), Some(&key(1))).unwrap(), "the same each time");
        let package = Package::read(&file, MOST).unwrap();
        assert_eq!((package.manifest.name.as_str(), package.manifest_text.as_str()), ("pigeon", TEXT));
        assert_eq!(package.component, component());
        let publisher = key(1).publisher().unwrap();
        assert_eq!(package.trusted(&[key(2).publisher().unwrap(), publisher]), Ok(publisher));
        assert_eq!(package.digest().len(), 64);
    }

    #[test]
    fn what_is_unsigned_altered_or_signed_by_a_stranger_is_not_trusted() {
        let publisher = key(1).publisher().unwrap();
        let unsigned = Package::read(&pack(TEXT, &component(), None).unwrap(), MOST).unwrap();
        assert_eq!(unsigned.trusted(&[publisher]), Err(PackageError::Unsigned));
        let file = pack(TEXT, &component(), Some(&key(1))).unwrap();
        let stranger = Package::read(&file, MOST).unwrap();
        assert_eq!(stranger.trusted(&[key(2).publisher().unwrap()]), Err(PackageError::NotTrusted(publisher)));
        assert_eq!(stranger.trusted(&[]), Err(PackageError::NotTrusted(publisher)));

        let altered = |change: &dyn Fn(&mut Package)| {
            let mut package = Package::read(&file, MOST).unwrap();
            change(&mut package);
            package.trusted(&[publisher, key(2).publisher().unwrap()])
        };
        let another = PackageError::Altered(publisher);
        assert_eq!(altered(&|it| it.component.push(0)), Err(another));
        assert_eq!(altered(&|it| it.manifest_text = TEXT.replace("[\"log\"]", "[\"mail\"]")), Err(PackageError::Altered(publisher)));
        assert_eq!(altered(&|it| it.signature.as_mut().unwrap().signature.clear()), Err(PackageError::Altered(publisher)));
        // Another's name under the same signature.
        let other = key(2).publisher().unwrap();
        assert_eq!(altered(&|it| it.signature.as_mut().unwrap().publisher = other), Err(PackageError::Altered(other)));
    }

    #[test]
    fn no_byte_can_be_changed_or_lost_without_notice() {
        let publisher = key(1).publisher().unwrap();
        let file = pack(TEXT, &component(), Some(&key(1))).unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 0x20;
            // Some bytes of the archive carry nothing; what is read is then the same as before.
            if let Ok(package) = Package::read(&changed, MOST)
                && package.trusted(&[publisher]).is_ok()
            {
                assert_eq!((package.manifest_text.as_str(), &package.component), (TEXT, &component()), "byte {at}");
            }
        }
        for length in (0..file.len() - 1024).step_by(97) {
            let cut = Package::read(&file[..length], MOST).and_then(|package| package.trusted(&[publisher]));
            assert!(cut.is_err(), "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_package_is_refused_with_the_reason() {
        let read = |file: &[u8]| Package::read(file, 100).unwrap_err().to_string();
        assert!(read(b"").contains("no `plugin.toml`"));
        assert!(read(&[1; 2000]).contains("no plugin package"));
        assert!(read(&pack(TEXT, &component(), None).unwrap()).contains("more than 100 bytes"));
        let mut order = tar::Builder::new(Vec::new());
        add(&mut order, COMPONENT, &component()).unwrap();
        add(&mut order, MANIFEST, TEXT.as_bytes()).unwrap();
        assert!(read(&order.into_inner().unwrap()).contains("something else where `plugin.toml` belongs"));
        let mut more = tar::Builder::new(Vec::new());
        for name in [MANIFEST, COMPONENT, SIGNATURE, "more"] {
            let small = [COMPONENT_BEGINS, &[0; 8]].concat();
            let text = format!("publisher = \"{}\"\nsignature = \"\"", key(1).publisher().unwrap());
            let bytes: &[u8] = match name {
                MANIFEST => TEXT.as_bytes(),
                COMPONENT => &small,
                _ => text.as_bytes(),
            };
            add(&mut more, name, bytes).unwrap();
        }
        assert!(read(&more.into_inner().unwrap()).contains("something else where `its end` belongs"));
        assert!(pack(TEXT, b"\0asm\x01\0\0\0", None).unwrap_err().to_string().contains("core module"));
        assert!(pack("name = 1", &component(), None).unwrap_err().to_string().contains("plugin.toml"));
    }

    #[test]
    fn a_key_reads_back_from_its_file_and_hides_what_it_is() {
        let pem = key(3).to_pem().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{pem}");
        assert_eq!(SigningKey::from_pem(&pem).unwrap().publisher(), key(3).publisher());
        assert_eq!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").err(), Some(PackageError::Key));
        let publisher = key(3).publisher().unwrap();
        assert_eq!(publisher.to_string().parse(), Ok(publisher));
        assert!("ed25519:short".parse::<PublisherKey>().unwrap_err().contains("44 characters"));
    }
}
