//! How a server that calls us proves that it is the one we asked: it sends the secret we gave it, or signs what it sends with it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether a presented secret is the one; compared in constant time.
pub fn is_secret(presented: &str, secret: &str) -> bool {
    verify_slices_are_equal(presented.as_bytes(), secret.as_bytes()).is_ok()
}

/// Whether a signature is the HMAC-SHA256 of the body under the secret, in hexadecimal digits, with or without `sha256=` before it.
pub fn is_signature(presented: &str, body: &[u8], secret: &str) -> bool {
    let digits = presented.strip_prefix("sha256=").unwrap_or(presented);
    let Some(signature) = unhex(digits) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    // Compares in constant time.
    mac.verify_slice(&signature).is_ok()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    if digits.len() != 64 {
        return None;
    }
    let nibbles = digits.chars().map(|it| it.to_digit(16).and_then(|it| u8::try_from(it).ok())).collect::<Option<Vec<u8>>>()?;
    Some(nibbles.chunks_exact(2).filter_map(|pair| pair.first().zip(pair.get(1))).map(|(high, low)| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_itself_is_taken() {
        assert!(is_secret("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!is_secret(other, "abc"), "{other}");
        }
    }

    /// RFC 4231, test case 2.
    #[test]
    fn a_signature_is_of_this_body_under_this_secret() {
        let signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert!(is_signature(signature, body, "Jefe"));
        assert!(is_signature(&format!("sha256={}", signature.to_uppercase()), body, "Jefe"));
        assert!(!is_signature(signature, b"what do ya want for nothing!", "Jefe"));
        assert!(!is_signature(signature, body, "jefe"));
        for broken in ["", "5b", "zz", &signature[1..], &format!("{signature}0")] {
            assert!(!is_signature(broken, body, "Jefe"), "{broken}");
        }
    }
}
