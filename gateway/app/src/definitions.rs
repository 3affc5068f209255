//! Segments, journeys, messages and subscription lists as files, so that they can be kept under version control and applied again and
//! again: `outreach apply <folder>`. What did not change stays as it is; what did becomes a new version.

use std::path::Path;

use anyhow::{Context as _, bail};
use gateway_domain::consent::Purpose;
use gateway_domain::ids::{JourneyId, MessageTemplateId, SegmentId, SubscriptionListId};
use gateway_domain::issue::Issue;
use gateway_domain::journey::{Journey, JourneyStatus};
use gateway_domain::message_template::MessageTemplate;
use gateway_domain::plugin::PluginName;
use gateway_domain::segment::Segment;
use gateway_domain::subscription_list::{ListKind, SubscriptionList};
use gateway_ports::clock::{Clock, Entropy};
use gateway_ports::content::MessageContent;
use gateway_ports::plugins::Plugins;
use gateway_ports::store::Store;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// `lists/<key>.json`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListFile {
    title: String,
    description: String,
    kind: ListKind,
}

/// `segments/<key>.json`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentFile {
    title: String,
    description: String,
    /// Without it `segment-measures` for what has the populations of a measure, and `segment-rules` for everything else.
    plugin: Option<PluginName>,
    /// A prebuilt measure by name, in place of a definition.
    measure: Option<String>,
    definition: Option<Value>,
}

/// `messages/<key>.json`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageFile {
    title: String,
    purpose: Purpose,
    list: Option<String>,
    document: Value,
}

/// `journeys/<key>.json`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JourneyFile {
    title: String,
    description: String,
    #[serde(default = "journey_flow")]
    plugin: PluginName,
    /// Key of the segment whose members enter.
    entry_segment: Option<String>,
    reentry_after_days: Option<u16>,
    /// Whether people finish with the version of the plugin they began with, whatever is installed meanwhile.
    #[serde(default)]
    keep_plugin_version: bool,
    #[serde(default = "draft")]
    status: JourneyStatus,
    definition: Value,
}

impl SegmentFile {
    /// The plugin that decides by a definition.
    fn plugin(&self, definition: &Value) -> anyhow::Result<PluginName> {
        let usual = if definition.get("groups").is_some() { "segment-measures" } else { "segment-rules" };
        self.plugin.clone().map_or_else(|| Ok(PluginName::new(usual)?), Ok)
    }
}

#[expect(clippy::expect_used, reason = "a name written here")]
fn journey_flow() -> PluginName {
    PluginName::new("journey-flow").expect("a plugin name")
}

const fn draft() -> JourneyStatus {
    JourneyStatus::Draft
}

/// Definitions as read, each with its key.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    lists: Vec<(String, ListFile)>,
    segments: Vec<(String, SegmentFile)>,
    messages: Vec<(String, MessageFile)>,
    journeys: Vec<(String, JourneyFile)>,
}

/// Where definitions go and who checks them.
pub(crate) struct Target<'a> {
    /// Where they are kept.
    pub(crate) store: &'a dyn Store,
    /// Who understands segments and journeys.
    pub(crate) plugins: &'a dyn Plugins,
    /// Who understands messages.
    pub(crate) content: &'a dyn MessageContent,
    /// Time.
    pub(crate) clock: &'a dyn Clock,
    /// Randomness.
    pub(crate) entropy: &'a dyn Entropy,
}

impl Definitions {
    /// Reads a folder with `lists`, `segments`, `messages` and `journeys`; each may be missing.
    ///
    /// # Errors
    /// Naming the file and what was expected.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!("`{}` is no folder", folder.display());
        }
        Ok(Self {
            lists: read_all(&folder.join("lists"))?,
            segments: read_all(&folder.join("segments"))?,
            messages: read_all(&folder.join("messages"))?,
            journeys: read_all(&folder.join("journeys"))?,
        })
    }

    /// The definitions of the demonstration, which are part of the program.
    ///
    /// # Errors
    /// Never, unless the program was built from a broken tree.
    pub(crate) fn demo() -> anyhow::Result<Self> {
        let mut demo = Self::default();
        demo.lists.push(part("preventive-care", include_str!("../demo/lists/preventive-care.json"))?);
        demo.segments.push(part("breast-cancer-screening-due", include_str!("../demo/segments/breast-cancer-screening-due.json"))?);
        demo.segments.push(part("diabetes-hba1c-due", include_str!("../demo/segments/diabetes-hba1c-due.json"))?);
        demo.messages.push(part("screening-invitation", include_str!("../demo/messages/screening-invitation.json"))?);
        demo.messages.push(part("screening-reminder", include_str!("../demo/messages/screening-reminder.json"))?);
        demo.journeys.push(part("breast-cancer-screening", include_str!("../demo/journeys/breast-cancer-screening.json"))?);
        Ok(demo)
    }

    /// Sets how long the journeys wait for a click before they remind.
    pub(crate) fn remind_after(&mut self, length: &str) {
        for (_, journey) in &mut self.journeys {
            let waits = journey.definition.get_mut("steps").and_then(Value::as_object_mut).into_iter().flatten();
            for (_, step) in waits {
                if let Some(timeout) = step.pointer_mut("/wait_for/timeout") {
                    *timeout = Value::String(length.to_owned());
                }
            }
        }
    }

    /// Checks everything, then stores it; nothing is stored where anything is wrong.
    ///
    /// # Errors
    /// Naming the definition, the place in it and the fix.
    pub(crate) async fn apply(&self, target: &Target<'_>) -> anyhow::Result<Vec<String>> {
        let now = target.clock.now();
        let mut done = Vec::new();
        let segments =
            self.segments.iter().map(|(key, file)| Ok((key, file, definition_of(key, file)?))).collect::<anyhow::Result<Vec<_>>>()?;
        for (key, file, definition) in &segments {
            let plugin = target.plugins.segment(&file.plugin(definition)?)?;
            refuse_fatal("segment", key, &plugin.check(&definition.to_string()).await?)?;
        }
        for (key, file) in &self.messages {
            refuse_fatal("message", key, &target.content.check(&file.document))?;
        }
        for (key, file) in &self.journeys {
            let plugin = target.plugins.journey(&file.plugin, None)?;
            refuse_fatal("journey", key, &plugin.check(&file.definition.to_string()).await?)?;
        }

        for (key, file) in &self.lists {
            let list = SubscriptionList {
                id: SubscriptionListId::new(now, target.entropy.for_id()),
                key: key.clone(),
                title: file.title.clone(),
                description: file.description.clone(),
                kind: file.kind,
                created_at: now,
            };
            target.store.put_subscription_list(&list).await?;
            done.push(format!("list {key}"));
        }
        for (key, file, definition) in segments {
            let segment = Segment {
                id: SegmentId::new(now, target.entropy.for_id()),
                key: key.clone(),
                title: file.title.clone(),
                description: file.description.clone(),
                plugin: file.plugin(&definition)?,
                definition,
                version: 1,
                active: true,
                created_at: now,
            };
            let kept = target.store.put_segment(&segment, now).await?;
            done.push(format!("segment {key} (version {})", kept.version));
        }
        for (key, file) in &self.messages {
            let template = MessageTemplate {
                id: MessageTemplateId::new(now, target.entropy.for_id()),
                key: key.clone(),
                title: file.title.clone(),
                purpose: file.purpose,
                list: file.list.clone(),
                document: file.document.clone(),
                version: 1,
                created_at: now,
            };
            let kept = target.store.put_message_template(&template).await?;
            done.push(format!("message {key} (version {})", kept.version));
        }
        for (key, file) in &self.journeys {
            let entry_segment = match &file.entry_segment {
                None => None,
                Some(segment) => {
                    let found = target.store.segment_by_key(segment).await?;
                    Some(found.with_context(|| format!("journey `{key}`: there is no segment `{segment}`"))?.id)
                }
            };
            let journey = Journey {
                id: JourneyId::new(now, target.entropy.for_id()),
                key: key.clone(),
                title: file.title.clone(),
                description: file.description.clone(),
                status: file.status,
                version: 1,
                plugin: file.plugin.clone(),
                definition: file.definition.clone(),
                entry_segment,
                reentry_after_days: file.reentry_after_days,
                keeps_plugin: file.keep_plugin_version,
                created_at: now,
            };
            let kept = target.store.put_journey(&journey, now).await?;
            done.push(format!("journey {key} (version {})", kept.version));
        }
        Ok(done)
    }
}

fn definition_of(key: &str, file: &SegmentFile) -> anyhow::Result<Value> {
    match (&file.measure, &file.definition) {
        (None, Some(definition)) => Ok(definition.clone()),
        (Some(measure), None) => {
            let known = fhir_profiles::measure(measure).with_context(|| format!("segment `{key}`"))?;
            Ok(known.document)
        }
        _ => bail!("segment `{key}`: give either `measure` or `definition`"),
    }
}

fn refuse_fatal(what: &str, key: &str, issues: &[Issue]) -> anyhow::Result<()> {
    let fatal: Vec<_> = issues.iter().filter(|issue| issue.fatal).map(|issue| format!("  {}: {}", issue.path, issue.message)).collect();
    if fatal.is_empty() { Ok(()) } else { bail!("{what} `{key}` can't be used:\n{}", fatal.join("\n")) }
}

fn part<T: DeserializeOwned>(key: &str, text: &str) -> anyhow::Result<(String, T)> {
    Ok((key.to_owned(), serde_json::from_str(text).with_context(|| format!("definition `{key}`"))?))
}

fn read_all<T: DeserializeOwned>(folder: &Path) -> anyhow::Result<Vec<(String, T)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    files
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let key =
                path.file_stem().and_then(|stem| stem.to_str()).with_context(|| format!("`{}` has no usable name", path.display()))?;
            let text = std::fs::read_to_string(path).with_context(|| format!("`{}` can't be read", path.display()))?;
            part(key, &text).with_context(|| format!("`{}` is wrong", path.display()))
        })
        .collect()
}
