//! Channel plugin: email. Takes complete RFC 5322 messages and hands each to the hospital's relay, one recipient at a time.
//!
//! Architecture invariant: what can't be one address on one line never reaches the relay.

#![forbid(unsafe_code)]

use outreach_plugin_sdk::channel::{Channel, Description, Issue, Message, Outcome, PluginError, Promise};
use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::gateway::{Gateway, RelayOutcome};

const CONTENT_KIND: &str = "message/rfc822";
/// RFC 5321 section 4.5.3.1.3: a path is at most 256 octets, two of them the brackets.
const LONGEST_ADDRESS: usize = 254;

/// The plugin.
pub struct ChannelEmail;

/// What can be configured.
struct Settings {
    from: Option<String>,
}

impl Settings {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        reader.object(&["from"]);
        let mut from = None;
        if reader.has("from") {
            let mut member = reader.member("from");
            let text = member.text()?;
            if let Err(reason) = address(text) {
                member.fatal(format!("this is no email address: {reason}"));
            }
            from = Some(text.to_owned());
        }
        Some(Self { from })
    }
}

impl Channel for ChannelEmail {
    fn check(config: &str) -> Vec<Issue> {
        Reader::check(config, |reader| {
            Settings::read(reader);
        })
    }

    fn describe(config: &str) -> Result<Description, PluginError> {
        Reader::require(config, Settings::read)?;
        Ok(Description {
            medium: "email".to_owned(),
            content_kinds: vec![CONTENT_KIND.to_owned()],
            promise: Promise::AtMostOnce,
            max_batch: 1,
            per_second: None,
        })
    }

    fn send(config: &str, messages: &[Message], gateway: &mut impl Gateway) -> Result<Vec<Outcome>, PluginError> {
        let settings = Reader::require(config, Settings::read)?;
        Ok(messages.iter().map(|message| send_one(&settings, message, gateway)).collect())
    }
}

fn send_one(settings: &Settings, message: &Message, gateway: &mut impl Gateway) -> Outcome {
    if message.content_kind != CONTENT_KIND {
        return Outcome::Rejected(format!(
            "email carries `{CONTENT_KIND}`, not `{}`",
            message.content_kind.chars().take(60).collect::<String>()
        ));
    }
    let Some(from) = message.attribute("envelope-from").or(settings.from.as_deref()) else {
        return Outcome::Rejected("the message has no `envelope-from`, and the configuration no `from`".to_owned());
    };
    for (role, text) in [("sender", from), ("recipient", &message.to)] {
        if let Err(reason) = address(text) {
            return Outcome::Rejected(format!("the address of the {role} can't be used: {reason}"));
        }
    }
    if message.body.is_empty() {
        return Outcome::Rejected("the message is empty".to_owned());
    }
    match gateway.relay(from, &message.to, &message.body) {
        RelayOutcome::Accepted(words) => Outcome::Accepted(Some(words).filter(|words| !words.is_empty())),
        RelayOutcome::Rejected(words) => Outcome::Rejected(words),
        RelayOutcome::Later(_) => Outcome::Later(None),
        RelayOutcome::Unknown(words) => Outcome::Unknown(words),
    }
}

/// Whether a text is one address and nothing else. The relay has the last word; this keeps commands and lists out of the envelope.
fn address(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST_ADDRESS {
        return Err("it is longer than 254 characters");
    }
    if text.chars().any(|letter| letter.is_control() || letter.is_whitespace() || matches!(letter, '<' | '>' | ',' | ';')) {
        return Err("it contains a blank, a control character, a bracket, a comma or a semicolon");
    }
    match text.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !local.contains('@') => Ok(()),
        _ => Err("it is not of the form `name@domain`"),
    }
}

outreach_plugin_sdk::export_channel!(ChannelEmail);

#[cfg(test)]
mod tests {
    use outreach_plugin_sdk::testing::FakeGateway;
    use proptest::prelude::*;

    use super::*;

    fn message(to: &str) -> Message {
        Message {
            key: "msg_1".into(),
            to: to.into(),
            content_kind: CONTENT_KIND.into(),
            subject: None,
            body: b"Subject: a\r\n\r\nb\r\n".to_vec(),
            attributes: vec![("envelope-from".into(), "care@hospital.example".into())],
        }
    }

    fn send(to: &str, answer: RelayOutcome) -> (Outcome, usize) {
        let mut gateway = FakeGateway::default().answer_mail(answer);
        let outcomes = ChannelEmail::send("{}", &[message(to)], &mut gateway).unwrap();
        (outcomes[0].clone(), gateway.mail().len())
    }

    #[test]
    fn each_answer_of_the_relay_becomes_its_outcome() {
        let to = "ana@example.org";
        assert_eq!(send(to, RelayOutcome::Accepted("250 ok".into())), (Outcome::Accepted(Some("250 ok".into())), 1));
        assert_eq!(send(to, RelayOutcome::Rejected("550".into())), (Outcome::Rejected("550".into()), 1));
        assert_eq!(send(to, RelayOutcome::Later("421".into())), (Outcome::Later(None), 1));
        assert_eq!(send(to, RelayOutcome::Unknown("cut".into())), (Outcome::Unknown("cut".into()), 1));
    }

    #[test]
    fn an_address_that_carries_a_command_never_reaches_the_relay() {
        for to in ["a@b.example\r\nRCPT TO:<x@y>", "a@b>,<c@d", "a b@c", "@b", "a@", "a@b@c", ""] {
            let (outcome, handed_over) = send(to, RelayOutcome::Accepted(String::new()));
            assert!(matches!(outcome, Outcome::Rejected(_)) && handed_over == 0, "{to:?}");
        }
    }

    #[test]
    fn an_unknown_setting_is_named() {
        assert_eq!(ChannelEmail::check("{}"), []);
        assert!(ChannelEmail::check(r#"{"form": "a@b"}"#)[0].message.contains("`from`"));
    }

    proptest! {
        #[test]
        fn nothing_with_a_line_break_reaches_the_relay(before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let (_, handed_over) = send(&format!("{before}\r\n{after}"), RelayOutcome::Accepted(String::new()));
            prop_assert_eq!(handed_over, 0);
        }
    }
}
