//! Keys in files.

use std::{fs, os::unix::fs::PermissionsExt};

use aws_lc_rs::rsa::KeySize;
use gateway_auth::{AuthError, KeySet, SigningKey};

use crate::rsa_key;

#[test]
fn new_key_is_its_owners_alone_and_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signing.pem");
    let made = SigningKey::load_or_create(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = SigningKey::load_or_create(&path).unwrap();
    assert_eq!((read.kid(), read.algorithm()), (made.kid(), "ES384"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = SigningKey::load(&path).unwrap_err();
    assert!(matches!(error, AuthError::KeyFile { .. }) && error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn key_set_shows_public_halves_only() {
    let rsa = rsa_key(KeySize::Rsa2048).unwrap();
    assert_eq!(rsa.algorithm(), "RS384");
    let folder = tempfile::tempdir().unwrap();
    let curve = SigningKey::load_or_create(&folder.path().join("key.pem")).unwrap();
    let kids = [curve.kid().to_owned(), rsa.kid().to_owned()];
    let set = serde_json::to_value(KeySet::new(curve, [rsa]).jwks()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    for (key, kid) in keys.iter().zip(&kids) {
        assert_eq!(key["kid"], kid.as_str());
        assert_eq!(key["key_ops"], serde_json::json!(["verify"]));
        assert_eq!(kid.len(), 43);
        for private in ["d", "p", "q", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
    assert_eq!((keys[0]["kty"].as_str(), keys[0]["crv"].as_str()), (Some("EC"), Some("P-384")));
    assert_eq!((keys[1]["kty"].as_str(), keys[1]["alg"].as_str()), (Some("RSA"), Some("RS384")));
}

#[test]
fn what_is_no_key_is_named() {
    for text in ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let error = SigningKey::from_pem(text).unwrap_err();
        assert!(matches!(error, AuthError::Key { .. }), "{error}");
    }
}
