use gateway_content::EmailContent;
use gateway_ports::content::MessageContent;
use serde_json::{Value, json};

use crate::document;

/// What a check says about the sample after `change`, as `!path` where fatal and `?path` where not.
fn findings(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = document("reminder.json");
    change(&mut document);
    let issues = EmailContent.check(&document);
    issues.iter().map(|issue| format!("{}{}", if issue.fatal { '!' } else { '?' }, issue.path)).collect()
}

#[test]
fn samples_have_nothing_fatal() {
    for name in ["invite.json", "reminder.json"] {
        let issues = EmailContent.check(&document(name));
        assert!(issues.iter().all(|issue| !issue.fatal), "{name}: {issues:?}");
        assert!(issues.iter().all(|issue| issue.message.contains("fall-back")), "{name}: {issues:?}");
    }
}

#[test]
fn each_mistake_is_found_at_its_place() {
    type Change = fn(&mut Value);
    let mistakes: [(&str, Change); 15] = [
        ("!", |it| it["version"] = json!(2)),
        ("!", |it| it["surprise"] = json!(1)),
        ("!", |it| it["variants"]["en"]["blocks"][2]["colour"] = json!("red")),
        ("!", |it| it["variants"]["en"]["blocks"][0]["level"] = json!(4)),
        ("!/default_language", |it| it["default_language"] = json!("fr")),
        ("!/links/done", |it| it["links"]["done"] = json!("javascript:alert(1)")),
        ("?/links/a~1b", |it| it["links"]["a/b"] = json!("https://example.org")),
        ("!/variants/en/subject", |it| it["variants"]["en"]["subject"] = json!("Your mammogram is due")),
        ("!/variants/es/preheader", |it| it["variants"]["es"]["preheader"] = json!("Detección de cáncer")),
        ("!/variants/en/blocks/1/text", |it| it["variants"]["en"]["blocks"][1]["text"] = json!("{{ patient.ssn }}")),
        ("!/variants/en/blocks/1/text", |it| it["variants"]["en"]["blocks"][1]["text"] = json!("{% if x %}")),
        ("?/variants/en/blocks/1/text", |it| it["variants"]["en"]["blocks"][1]["text"] = json!("{{ patient.given_name }}")),
        ("!/variants/en/blocks/2/link", |it| it["variants"]["en"]["blocks"][2]["link"] = json!("nowhere")),
        ("!/variants/en/blocks", |it| {
            it["variants"]["en"]["blocks"].as_array_mut().unwrap().pop();
        }),
        ("!/variants/en/blocks/0/alt", |it| {
            let image = json!({"type": "image", "url": "https://example.org/a.png"});
            it["variants"]["en"]["blocks"].as_array_mut().unwrap().insert(0, image);
        }),
    ];
    let before = findings(|_| ());
    for (expected, change) in mistakes {
        let after = findings(change);
        assert!(after.contains(&expected.to_owned()) && after != before, "{expected}: {after:?}");
    }
}

#[test]
fn paper_is_no_clinical_word() {
    let found = findings(|it| it["variants"]["en"]["subject"] = json!("Your papers, and how to cancel"));
    assert!(found.iter().all(|it| it.starts_with('?')), "{found:?}");
}

#[test]
fn large_emails_are_pointed_out() {
    let found = findings(|it| {
        let block = json!({"type": "text", "text": "word ".repeat(1_000)});
        let blocks = it["variants"]["en"]["blocks"].as_array_mut().unwrap();
        for _ in 0..25 {
            blocks.insert(1, block.clone());
        }
    });
    assert!(found.contains(&"?/variants/en".to_owned()), "{found:?}");
}
