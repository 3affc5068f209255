//! What a message is made with: merge values, our own pages, the envelope. Pure.

use std::collections::BTreeMap;

use gateway_domain::ids::MessageId;
use gateway_domain::message_template::MessageTemplate;
use gateway_domain::patient::Demographics;
use gateway_ports::content::{ContentError, EmailEnvelope, MessageContent, MessageLinks, RenderRequest, RenderedMessage};
use jiff::Timestamp;

use super::LinkSigner;

/// In whose name messages go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderProfile {
    /// `From`, as `Name <address>`.
    pub from: String,
    /// `Reply-To`, where it differs.
    pub reply_to: Option<String>,
    /// Name of the hospital, as in `{{ sender.name }}`.
    pub hospital_name: String,
    /// Right of the `@` of `Message-ID`.
    pub message_id_domain: String,
    /// Whether links lead through our own pages, so that clicks are known. Off by default; without it they lead straight to their
    /// targets.
    pub tracking: bool,
}

impl SenderProfile {
    /// The bare address of `From`: what a bounce goes to.
    pub fn envelope_from(&self) -> &str {
        let address = self.from.rsplit_once('<').map_or(self.from.as_str(), |(_, address)| address);
        address.trim_end().trim_end_matches('>').trim()
    }
}

/// What became of rendering.
#[derive(Clone, PartialEq, Eq)]
pub enum Rendered {
    /// It can be sent.
    Ready(Box<RenderedMessage>),
    /// It can't be sent yet: there is no variant in the person's language.
    NoTranslation,
    /// It never can; the reason, without patient data.
    Failed(String),
}

/// Renders a message for one person. A missing translation holds; it never falls back to another language.
pub fn render(
    content: &dyn MessageContent,
    template: &MessageTemplate,
    person: &Demographics,
    message: MessageId,
    links: &dyn LinkSigner,
    sender: &SenderProfile,
) -> Rendered {
    let links = message_links(message, links, sender);
    let values = merge_values(person, sender);
    let language = person.language.as_deref().map(str::trim).filter(|language| !language.is_empty());
    match content.render(&RenderRequest { document: &template.document, language, values: &values, links: &links }) {
        Ok(rendered) => Rendered::Ready(Box::new(rendered)),
        Err(ContentError::NoLanguage(_)) => Rendered::NoTranslation,
        Err(error) => Rendered::Failed(error.to_string()),
    }
}

/// Puts the email together for an address that passed the gate.
pub fn assemble(
    content: &dyn MessageContent,
    rendered: &RenderedMessage,
    to: &str,
    message: MessageId,
    unsubscribe: &str,
    sender: &SenderProfile,
    now: Timestamp,
) -> Result<Vec<u8>, ContentError> {
    let id = message.to_string();
    let envelope = EmailEnvelope {
        from: &sender.from,
        reply_to: sender.reply_to.as_deref(),
        to,
        message_id: (&id, &sender.message_id_domain),
        date: now,
        unsubscribe,
    };
    content.assemble(&envelope, rendered)
}

/// The values a template may name. What is not known is not there, so that the template's fall-back counts.
pub fn merge_values(person: &Demographics, sender: &SenderProfile) -> BTreeMap<String, String> {
    let known = [
        ("patient.given_name", person.given.first().map(String::as_str)),
        ("patient.family_name", person.family.as_deref()),
        ("sender.name", Some(sender.hospital_name.as_str())),
        ("organization.name", Some(sender.hospital_name.as_str())),
    ];
    known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.trim().to_owned())))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn message_links(message: MessageId, links: &dyn LinkSigner, sender: &SenderProfile) -> MessageLinks {
    MessageLinks {
        click: if sender.tracking { links.click(message) } else { String::new() },
        preferences: links.preferences(message),
        unsubscribe: links.unsubscribe(message),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::settings::OutreachSettings;

    struct Signer;

    impl LinkSigner for Signer {
        fn click(&self, _: MessageId) -> String {
            "https://example.org/p/c/x/{n}".into()
        }
        fn preferences(&self, _: MessageId) -> String {
            "https://example.org/p/preferences/x".into()
        }
        fn unsubscribe(&self, _: MessageId) -> String {
            "https://example.org/p/unsubscribe/x".into()
        }
    }

    #[rstest]
    #[case("Riverside <a@b.example>", "a@b.example")]
    #[case("a@b.example", "a@b.example")]
    #[case("\"R < S\" <a@b.example> ", "a@b.example")]
    fn a_bounce_goes_to_the_bare_address(#[case] from: &str, #[case] expected: &str) {
        let sender = SenderProfile { from: from.into(), ..OutreachSettings::for_testing().sender };
        assert_eq!(sender.envelope_from(), expected);
    }

    #[test]
    fn a_value_that_is_blank_leaves_room_for_the_fall_back() {
        let person = Demographics { given: vec![" ".into()], family: Some("Lovelace".into()), ..Demographics::default() };
        let values = merge_values(&person, &OutreachSettings::for_testing().sender);
        assert!(!values.contains_key("patient.given_name"));
        assert_eq!(values["patient.family_name"], "Lovelace");
    }

    #[rstest]
    #[case(true, "https://example.org/p/c/x/{n}")]
    #[case(false, "")]
    fn clicks_pass_our_pages_only_where_tracking_is_on(#[case] tracking: bool, #[case] click: &str) {
        let sender = SenderProfile { tracking, ..OutreachSettings::for_testing().sender };
        let message = MessageId::new(Timestamp::UNIX_EPOCH, [0; 10]);
        assert_eq!(message_links(message, &Signer, &sender).click, click);
    }
}
