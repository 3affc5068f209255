//! The definition, version 1, and how it is read.

use std::collections::BTreeMap;

use outreach_plugin_sdk::document::Reader;
use outreach_plugin_sdk::journey::TaskKind;

use crate::{check, duration};

const MOST_STEPS: usize = 200;
/// Characters of a task's note.
const LONGEST_NOTE: usize = 500;
/// What staff can be asked to do.
const TASK_KINDS: [(&str, TaskKind); 5] = [
    ("call", TaskKind::Call),
    ("check-contact", TaskKind::CheckContact),
    ("book", TaskKind::Book),
    ("review", TaskKind::Review),
    ("other", TaskKind::Other),
];
/// The roles that see patients.
const TASK_ROLES: [&str; 3] = ["coordinator", "clinician", "administrator"];

/// A plan of communication.
pub(crate) struct Definition {
    pub(crate) start: String,
    pub(crate) exit_when: Vec<ExitRule>,
    pub(crate) steps: BTreeMap<String, Step>,
}

/// A happening that ends the journey wherever the person is.
pub(crate) struct ExitRule {
    pub(crate) event: String,
    pub(crate) detail: Option<String>,
    pub(crate) reason: String,
}

/// One step.
pub(crate) enum Step {
    Send { message: String, channels: Vec<String>, expires_after: Option<i64>, next: String, if_not_sent: Option<String> },
    Task { kind: TaskKind, note: Option<String>, role: Option<String>, due_after: Option<i64>, next: String },
    Wait { length: i64, next: String },
    WaitFor { events: Vec<String>, of: Option<String>, timeout: i64, then: String, otherwise: String },
    Branch { criteria: String, then: String, otherwise: String, if_unknown: Option<String> },
    Exit { reason: String },
}

impl Step {
    /// Where it can lead, each with the member that says so.
    pub(crate) fn targets(&self) -> Vec<(&'static str, &str)> {
        let mut targets: Vec<(&'static str, &str)> = Vec::new();
        match self {
            Self::Send { next, if_not_sent, .. } => {
                targets.push(("next", next));
                targets.extend(if_not_sent.as_deref().map(|target| ("if_not_sent", target)));
            }
            Self::Wait { next, .. } | Self::Task { next, .. } => targets.push(("next", next)),
            Self::WaitFor { then, otherwise, .. } => targets.extend([("wait_for/then", then.as_str()), ("wait_for/otherwise", otherwise)]),
            Self::Branch { then, otherwise, if_unknown, .. } => {
                targets.extend([("branch/then", then.as_str()), ("branch/otherwise", otherwise)]);
                targets.extend(if_unknown.as_deref().map(|target| ("branch/if_unknown", target)));
            }
            Self::Exit { .. } => {}
        }
        targets
    }

    /// Whether a person stays here until something happens.
    pub(crate) const fn waits(&self) -> bool {
        !matches!(self, Self::Branch { .. } | Self::Task { .. })
    }
}

impl Definition {
    /// Reads a definition; findings go to the reader.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.object(&["version", "title", "description", "start", "exit_when", "steps"]) {
            return None;
        }
        reader.member("version").integer(1, 1)?;
        for optional in ["title", "description"] {
            if reader.has(optional) {
                reader.member(optional).text();
            }
        }
        let start = text(reader, "start");
        let exit_when = if reader.has("exit_when") { reader.member("exit_when").items(50, read_exit_rule) } else { Some(Vec::new()) };
        let mut members = reader.member("steps");
        if members.names().is_empty() {
            members.fatal("expected an object with at least one step, each by its key");
            return None;
        }
        let names = members.names();
        if names.len() > MOST_STEPS {
            members.fatal(format!("expected at most {MOST_STEPS} steps, found {}", names.len()));
            return None;
        }
        let steps: Vec<Option<(String, Step)>> =
            names.into_iter().map(|name| read_step(&mut members.member(name)).map(|step| (name.to_owned(), step))).collect();
        let definition = Self { start: start?, exit_when: exit_when?, steps: steps.into_iter().collect::<Option<_>>()? };
        check::check(&definition, reader);
        Some(definition)
    }

    /// All kinds of happening the plan has an ear for.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut kinds = vec!["opted-out".to_owned()];
        kinds.extend(self.exit_when.iter().map(|rule| rule.event.clone()));
        for step in self.steps.values() {
            if let Step::WaitFor { events, .. } = step {
                kinds.extend(events.iter().cloned());
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

fn text(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    reader.member(name).text().map(str::to_owned)
}

/// A text that may be missing. One that can't be read is a finding, and with it the definition is not used.
fn optional_text(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    if reader.has(name) { text(reader, name) } else { None }
}

fn length(reader: &mut Reader<'_>, name: &str) -> Option<i64> {
    let mut member = reader.member(name);
    let length = duration::read(member.text()?);
    if length.is_none() {
        member.fatal(format!("expected {}", duration::GRAMMAR));
    }
    length
}

fn read_exit_rule(reader: &mut Reader<'_>) -> Option<ExitRule> {
    reader.object(&["event", "detail", "reason"]);
    let (event, detail, reason) = (text(reader, "event"), optional_text(reader, "detail"), text(reader, "reason"));
    Some(ExitRule { event: event?, detail, reason: reason? })
}

fn read_step(reader: &mut Reader<'_>) -> Option<Step> {
    const KINDS: [&str; 6] = ["send", "task", "wait", "wait_for", "branch", "exit"];
    let found: Vec<&str> = KINDS.into_iter().filter(|kind| reader.has(kind)).collect();
    let [kind] = found.as_slice() else {
        reader.fatal("expected an object with exactly one of `send`, `task`, `wait`, `wait_for`, `branch`, `exit`");
        return None;
    };
    let kind = *kind;
    reader.object(match kind {
        "send" => &["send", "next", "if_not_sent"],
        "task" => &["task", "next"],
        "wait" => &["wait", "next"],
        "wait_for" => &["wait_for"],
        "branch" => &["branch"],
        _ => &["exit"],
    });
    match kind {
        "send" => {
            let (next, if_not_sent) = (text(reader, "next"), optional_text(reader, "if_not_sent"));
            let mut send = reader.member("send");
            send.object(&["message", "channels", "expires_after"]);
            let message = text(&mut send, "message");
            let channels = send.member("channels").items(10, |item| item.text().map(str::to_owned));
            let expires_after = if send.has("expires_after") { length(&mut send, "expires_after") } else { None };
            Some(Step::Send { message: message?, channels: channels?, expires_after, next: next?, if_not_sent })
        }
        "task" => {
            let next = text(reader, "next");
            read_task(&mut reader.member("task"), next?)
        }
        "wait" => {
            let next = text(reader, "next");
            let mut wait = reader.member("wait");
            wait.object(&["for"]);
            Some(Step::Wait { length: length(&mut wait, "for")?, next: next? })
        }
        "wait_for" => {
            let mut wait = reader.member("wait_for");
            wait.object(&["events", "of", "timeout", "then", "otherwise"]);
            let events = wait.member("events").items(20, |item| item.text().map(str::to_owned));
            let of = optional_text(&mut wait, "of");
            let timeout = length(&mut wait, "timeout");
            let (then, otherwise) = (text(&mut wait, "then"), text(&mut wait, "otherwise"));
            Some(Step::WaitFor { events: events?, of, timeout: timeout?, then: then?, otherwise: otherwise? })
        }
        "branch" => {
            let mut branch = reader.member("branch");
            branch.object(&["if", "then", "otherwise", "if_unknown"]);
            let criteria = read_criteria(&mut branch.member("if"));
            let (then, otherwise) = (text(&mut branch, "then"), text(&mut branch, "otherwise"));
            let if_unknown = optional_text(&mut branch, "if_unknown");
            Some(Step::Branch { criteria: criteria?, then: then?, otherwise: otherwise?, if_unknown })
        }
        _ => {
            let mut exit = reader.member("exit");
            exit.object(&["reason"]);
            Some(Step::Exit { reason: text(&mut exit, "reason")? })
        }
    }
}

/// What staff is to do, for whom and by when.
fn read_task(task: &mut Reader<'_>, next: String) -> Option<Step> {
    task.object(&["kind", "note", "role", "due_after"]);
    let kind = task.member("kind").choice(&TASK_KINDS);
    let note = optional_text(task, "note");
    if note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
        task.member("note").fatal(format!("expected at most {LONGEST_NOTE} characters"));
        return None;
    }
    let role = if task.has("role") { Some(task.member("role").choice(&TASK_ROLES.map(|name| (name, name)))?.to_owned()) } else { None };
    let due_after = if task.has("due_after") { Some(length(task, "due_after")?) } else { None };
    Some(Step::Task { kind: kind?, note, role, due_after, next })
}

/// The question a branch asks, as the gateway reads it.
fn read_criteria(reader: &mut Reader<'_>) -> Option<String> {
    reader.object(&["member_of", "language", "age_at_least"]);
    let found: Vec<&str> = ["member_of", "language", "age_at_least"].into_iter().filter(|name| reader.has(name)).collect();
    let criteria = match found.as_slice() {
        ["member_of"] => serde_json::json!({ "member-of": reader.member("member_of").text()? }),
        ["language"] => serde_json::json!({ "language": reader.member("language").text()? }),
        ["age_at_least"] => serde_json::json!({ "age-at-least": reader.member("age_at_least").integer(0, 150)? }),
        _ => {
            reader.fatal("expected exactly one of `member_of`, `language`, `age_at_least`");
            return None;
        }
    };
    Some(criteria.to_string())
}
