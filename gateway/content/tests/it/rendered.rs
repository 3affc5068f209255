use gateway_ports::content::ContentError;
use serde_json::json;

use crate::{document, render};

#[test]
fn sample_documents_render_as_approved() {
    for name in ["invite", "reminder"] {
        let document = document(&format!("{name}.json"));
        for language in ["en", "es"] {
            let people = [("patient.given_name", "Ana"), ("practitioner.name", "Dr. Lee")];
            let message = render(&document, Some(language), &people).unwrap();
            let shown = format!("Subject: {}\nLinks: {:?}\n\n{}", message.subject, message.links, message.text);
            insta::assert_snapshot!(format!("{name}_{language}_text"), shown);
            insta::assert_snapshot!(format!("{name}_{language}_html"), message.html);
        }
    }
}

#[test]
fn message_is_held_without_a_variant_in_the_patients_language() {
    let document = document("invite.json");
    let language = |tag| render(&document, tag, &[]).map(|message| message.language);
    assert_eq!(language(None), Ok("en".to_owned()));
    assert_eq!(language(Some("es-MX")), Ok("es".to_owned()));
    assert_eq!(language(Some("ES")), Ok("es".to_owned()));
    assert_eq!(language(Some("vi")), Err(ContentError::NoLanguage("vi".to_owned())));
}

#[test]
fn message_is_held_where_a_value_without_fall_back_is_missing() {
    let document = document("invite.json");
    let outcome = render(&document, None, &[("organization.address", " ")]);
    assert_eq!(outcome, Err(ContentError::MissingValue("organization.address".to_owned())));
}

#[test]
fn hostile_names_stay_text_in_every_part() {
    let hostile = r#"<script>alert(1)</script>"><img src=x onerror='x'> {{ organization.phone }} {% if %} &amp; </mj-text><mj-raw>"#;
    let message = render(&document("invite.json"), None, &[("patient.given_name", hostile)]).unwrap();
    for forbidden in ["<script", "<img", "onerror='", "<mj-raw"] {
        assert!(!message.html.contains(forbidden), "{forbidden}");
    }
    let escaped =
        "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&gt;&lt;img src=x onerror=&#39;x&#39;&gt; {{ organization.phone }} {% if %} &amp;amp;";
    assert!(message.html.contains(escaped));
    assert!(message.text.contains(hostile));
    assert!(message.subject.starts_with(hostile));
}

#[test]
fn line_breaks_and_turning_marks_do_not_come_in_with_a_value() {
    let message = render(&document("invite.json"), None, &[("patient.given_name", "Ana\r\nBcc: x@example.org\u{202e}")]).unwrap();
    assert_eq!(message.subject, "Ana Bcc: x@example.org, a visit is due");
}

#[test]
fn targets_are_not_in_the_message() {
    let message = render(&document("reminder.json"), None, &[]).unwrap();
    assert_eq!(message.links.len(), 2);
    for target in &message.links {
        assert!(!message.html.contains(target.as_str()) && !message.text.contains(target.as_str()));
    }
    for number in 0..2 {
        let link = format!("https://outreach.example.org/p/c/TOKEN/{number}");
        assert!(message.html.contains(&link) && message.text.contains(&link));
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let message = render(&document("invite.json"), None, &[]).unwrap();
    for loading in ["@import", "<link", "googleapis", "src=\"http", "url("] {
        assert!(!message.html.contains(loading), "{loading}");
    }
}

#[test]
fn right_to_left_languages_are_written_so() {
    let document = json!({
        "version": 1, "default_language": "ar", "links": {},
        "variants": {"ar": {"subject": "مرحبا", "preheader": "مرحبا", "blocks": [
            {"type": "text", "text": "مرحبا"},
            {"type": "footer", "text": "x", "preferences_label": "y"}]}}
    });
    let html = render(&document, None, &[]).unwrap().html;
    assert!(html.contains("dir=\"rtl\"") && html.contains("lang=\"ar\""));
    assert!(html.contains("text-align:right"));
}
