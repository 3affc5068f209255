//! What became of a message.

/// What is known about a message after it was handed to the mail server, or could not be.
///
/// The texts come from the server, shortened to 300 characters, with every mail address and the
/// recipient's mailbox name taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayOutcome {
    /// The server took responsibility for it (250 after the final dot).
    Accepted { response: String },
    /// The server refused it for good (5xx).
    Rejected { code: u16, text: String },
    /// The server surely does not have it; another try may work.
    Later { reason: String },
    /// The server may have it or not. It must not be sent again by itself.
    Unknown { reason: String },
}

const LONGEST: usize = 300;

impl RelayOutcome {
    pub(super) fn refused(code: u16, text: &str) -> Self {
        Self::Rejected { code, text: text.to_owned() }
    }

    pub(super) fn later(reason: &str) -> Self {
        Self::Later { reason: reason.to_owned() }
    }

    /// One word for metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Rejected { .. } => "rejected",
            Self::Later { .. } => "later",
            Self::Unknown { .. } => "unknown",
        }
    }

    pub(super) fn without_addresses(mut self, addresses: &[&str]) -> Self {
        let (Self::Accepted { response: text }
        | Self::Rejected { text, .. }
        | Self::Later { reason: text }
        | Self::Unknown { reason: text }) = &mut self;
        *text = hide_addresses(text, addresses);
        self
    }
}

/// Takes every word with an `@`, and the local parts of `addresses`, out of a server's text.
pub(super) fn hide_addresses(text: &str, addresses: &[&str]) -> String {
    let is_edge = |it: char| it.is_whitespace() || it.is_control() || "<>()[]\"',;:".contains(it);
    let mailboxes: Vec<&str> = addresses.iter().filter_map(|address| address.rsplit_once('@')).map(|(local, _)| local).collect();
    let is_secret = |word: &str| word.contains('@') || mailboxes.iter().any(|it| word.eq_ignore_ascii_case(it));

    let mut clean = String::with_capacity(text.len().min(LONGEST));
    let mut length = 0;
    for piece in text.split_inclusive(is_edge) {
        let word = piece.trim_end_matches(is_edge);
        // A full stop may end the sentence rather than the address.
        let secret = is_secret(word) || is_secret(word.trim_end_matches('.'));
        let shown = if secret { "(address)" } else { word };
        let edge = piece.get(word.len()..).unwrap_or_default();
        for character in shown.chars().chain(edge.chars()) {
            if length == LONGEST {
                return clean;
            }
            clean.push(if character.is_control() { ' ' } else { character });
            length += 1;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_mailbox_names_are_taken_out() {
        let clean = |text| hide_addresses(text, &["news@clinic.org", "Maria.Lopez@example.org"]);
        assert_eq!(clean("5.1.1 <maria.lopez@example.org>: user maria.lopez unknown"), "5.1.1 <(address)>: user (address) unknown");
        assert_eq!(clean("no mailbox maria.lopez. Ask postmaster@example.org."), "no mailbox (address) Ask (address)");
        assert_eq!(clean("queued as 4F2A\r\n"), "queued as 4F2A  ");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(hide_addresses(&"ä ".repeat(1_000), &[]).chars().count(), 300);
    }
}
