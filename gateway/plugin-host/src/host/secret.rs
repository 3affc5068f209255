//! `secret`: secrets are used by name, and never shown.

use aws_lc_rs::hmac::{self, Algorithm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway_domain::capability::HttpOrigin;
use gateway_domain::plugin_call::HostFunction;

use crate::abi::v0_1::secret::{Hash, Host};
use crate::abi::v0_1::types::PluginError;
use crate::host::CallState;
use crate::settings::{Reach, Secret};

/// What stands before and after the name of a secret in a header.
const OPENS: &str = "{{";
const CLOSES: &str = "}}";

impl CallState {
    fn named_for(&mut self, function: HostFunction, name: &str, algorithm: Algorithm) -> Result<hmac::Key, PluginError> {
        if !self.calls(function) {
            return Err(PluginError::Refused("the host was called too often".to_owned()));
        }
        let secret = name.parse().ok().and_then(|name| self.reach.secrets.get(&name));
        let secret = secret.ok_or_else(|| PluginError::Refused("no secret of this name was given to the plugin".to_owned()))?;
        Ok(hmac::Key::new(algorithm, secret.reveal()))
    }
}

const fn algorithm(hash: Hash) -> Algorithm {
    match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

impl Host for CallState {
    async fn sign(&mut self, name: String, hash: Hash, message: Vec<u8>) -> Result<Vec<u8>, PluginError> {
        let key = self.named_for(HostFunction::SecretSign, &name, algorithm(hash))?;
        Ok(hmac::sign(&key, &message).as_ref().to_vec())
    }

    async fn verify(&mut self, name: String, hash: Hash, message: Vec<u8>, signature: Vec<u8>) -> Result<bool, PluginError> {
        let key = self.named_for(HostFunction::SecretVerify, &name, algorithm(hash))?;
        Ok(hmac::verify(&key, &message, &signature).is_ok())
    }
}

/// A header's value with its secrets in their places, and what was put there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) value: Vec<u8>,
    pub(super) secrets: Vec<Vec<u8>>,
}

/// Puts secrets in their places; `None` where one is named that does not go to this origin, or the place makes no sense.
pub(super) fn fill(value: &[u8], reach: &Reach, origin: &HttpOrigin) -> Option<Filled> {
    let Ok(mut rest) = std::str::from_utf8(value) else {
        return Some(Filled { value: value.to_vec(), secrets: Vec::new() });
    };
    let mut filled = Filled::default();
    while let Some((before, after)) = rest.split_once(OPENS) {
        let (place, after) = after.split_once(CLOSES)?;
        let secret = |name: &str| -> Option<&Secret> {
            let secret = reach.secrets.get(&name.parse().ok()?)?;
            secret.may_go_to(origin).then_some(secret)
        };
        let put = match place.split_once(':')? {
            ("secret", name) => secret(name)?.reveal().to_vec(),
            ("basic", user_and_name) => {
                let (user, name) = user_and_name.split_once(':')?;
                let secret = secret(name)?.reveal();
                filled.secrets.push(secret.to_vec());
                STANDARD.encode([user.as_bytes(), b":", secret].concat()).into_bytes()
            }
            _ => return None,
        };
        filled.value.extend_from_slice(before.as_bytes());
        filled.value.extend_from_slice(&put);
        filled.secrets.push(put);
        rest = after;
    }
    filled.value.extend_from_slice(rest.as_bytes());
    Some(filled)
}

#[cfg(test)]
mod tests {
    use gateway_domain::capability::Capability;

    use super::*;
    use crate::settings::PluginSettings;

    fn reach() -> Reach {
        let (name, origin) = ("token".parse().unwrap(), "https://api.example".parse().unwrap());
        let settings = PluginSettings { secrets: [(name, Secret::new("hush", Some(origin)))].into(), ..PluginSettings::default() };
        Reach::of(&["secret:token".parse::<Capability>().unwrap()], Some(&settings))
    }

    fn filled(value: &str, origin: &str) -> Option<String> {
        fill(value.as_bytes(), &reach(), &origin.parse().unwrap()).map(|filled| String::from_utf8(filled.value).unwrap())
    }

    #[test]
    fn a_secret_is_put_where_it_is_named() {
        let own = "https://api.example";
        assert_eq!(filled("Bearer {{secret:token}}", own), Some("Bearer hush".to_owned()));
        assert_eq!(filled("Basic {{basic:AC12:token}}", own), Some("Basic QUMxMjpodXNo".to_owned()));
        assert_eq!(filled("{{secret:token}}, {{secret:token}}!", own), Some("hush, hush!".to_owned()));
        assert_eq!(filled("none", own), Some("none".to_owned()));
        assert_eq!(fill(b"\xff{{", &reach(), &own.parse().unwrap()).unwrap().value, b"\xff{{");
    }

    #[test]
    fn a_secret_goes_to_its_own_origin_and_to_no_other() {
        for other in ["https://api.example:8443", "http://api.example", "https://evil.example"] {
            assert_eq!(filled("Bearer {{secret:token}}", other), None, "{other}");
        }
        for wrong in ["{{secret:other}}", "{{secret:token", "{{token}}", "{{}}", "{{env:HOME}}", "{{secret:}}", "{{basic:token}}"] {
            assert_eq!(filled(wrong, "https://api.example"), None, "{wrong}");
        }
    }
}
