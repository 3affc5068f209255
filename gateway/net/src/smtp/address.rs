//! Mail addresses as far as an SMTP command may carry them.

use lettre::Address;

/// An address that has been read and can be put into a command.
pub(super) type MailAddress = Address;

/// A text that is not a plain ASCII address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAnAddress;

/// Reads an envelope address; an empty text is the null address.
///
/// Narrower than RFC 5321: no quoted local parts, no address literals, no characters outside of
/// ASCII, so that nothing in it can end the command or start another.
pub(super) fn read_address(text: &str) -> Result<Option<MailAddress>, NotAnAddress> {
    if text.is_empty() {
        return Ok(None);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
    let local_fits = (1..=64).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte));
    let domain_fits = (1..=255).contains(&domain.len())
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    if !local_fits || !domain_fits {
        return Err(NotAnAddress);
    }
    Address::new(local, domain).map(Some).map_err(|_| NotAnAddress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses_are_read() {
        for text in ["a@example.org", "maria.o'neil+news@mail.example.co.uk", "x@localhost"] {
            let address = read_address(text).unwrap().unwrap();
            assert_eq!(address.to_string(), text);
        }
        assert_eq!(read_address(""), Ok(None));
    }

    #[test]
    fn anything_that_could_leave_the_command_is_refused() {
        for text in [
            "a@example.org\r\nRCPT TO:<b@example.org>",
            "a@example.org\n",
            "a\r@example.org",
            "a@example.org> SIZE=1",
            "<a@example.org>",
            "a b@example.org",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "ä@example.org",
            "a@exämple.org",
            "a@@example.org",
            "@example.org",
            "a@",
            "a@.org",
            "a@-x.org",
            "a\0@example.org",
            "plain",
        ] {
            assert_eq!(read_address(text), Err(NotAnAddress), "{text:?}");
        }
    }
}
