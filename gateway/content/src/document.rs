//! The email document: what the designer edits and the database stores.

use std::collections::BTreeMap;

use gateway_ports::content::ContentError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of this form.
pub const VERSION: u32 = 1;

/// An email in all its languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`VERSION`].
    pub version: u32,
    /// The variant for a person whose language is not known (BCP 47).
    pub default_language: String,
    /// Where buttons and links lead, by key. Messages carry a number in place of the target.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// The email in each language (BCP 47).
    pub variants: BTreeMap<String, Variant>,
}

/// The email in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The subject line. Merge fields are allowed here and in every text below.
    pub subject: String,
    /// What mail programs show beside the subject.
    pub preheader: String,
    pub blocks: Vec<Block>,
}

/// A piece of an email.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// Blocks on a tinted ground. Sections do not nest.
    Section { blocks: Vec<Block> },
    /// A heading; level 1 is the email's own.
    Heading { level: HeadingLevel, text: String },
    /// A paragraph. A line break in the text is one in the email.
    Text { text: String },
    /// A link that looks like a button. `link` is a key of [`Document::links`].
    Button { label: String, link: String },
    /// A link in a line of its own.
    Link { label: String, link: String },
    /// A picture, `width` pixels wide.
    Image {
        url: String,
        #[serde(default)]
        alt: String,
        #[serde(default)]
        width: Option<u16>,
        #[serde(default)]
        link: Option<String>,
    },
    /// A list.
    List {
        #[serde(default)]
        numbered: bool,
        items: Vec<String>,
    },
    /// A line across.
    Divider {},
    /// Empty space, in pixels.
    Spacer { height: u16 },
    /// Who sends this and how to leave. The label links to the person's preferences.
    Footer { text: String, preferences_label: String },
}

/// How deep a heading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum HeadingLevel {
    One,
    Two,
    Three,
}

impl TryFrom<u8> for HeadingLevel {
    type Error = String;

    fn try_from(level: u8) -> Result<Self, String> {
        match level {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err(format!("heading level {level} is not one of 1, 2 and 3")),
        }
    }
}

impl From<HeadingLevel> for u8 {
    fn from(level: HeadingLevel) -> Self {
        match level {
            HeadingLevel::One => 1,
            HeadingLevel::Two => 2,
            HeadingLevel::Three => 3,
        }
    }
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`ContentError::Document`] names what was found and what was expected.
    pub fn read(value: &Value) -> Result<Self, ContentError> {
        let document = Self::deserialize(value).map_err(|error| ContentError::Document(error.to_string()))?;
        if document.version != VERSION {
            let found = document.version;
            return Err(ContentError::Document(format!("version {found} is not known, expected {VERSION}")));
        }
        Ok(document)
    }

    /// The variant for a person's language, with its own tag.
    ///
    /// The tag itself goes first, then the more general one (`es` for `es-MX`), then, for a bare
    /// language, any variant of it (`es-419` for `es`). Another language is never taken.
    ///
    /// # Errors
    /// [`ContentError::NoLanguage`].
    pub fn variant(&self, language: Option<&str>) -> Result<(&str, &Variant), ContentError> {
        let wanted = language.unwrap_or(&self.default_language);
        let mut general = wanted;
        loop {
            if let Some((tag, variant)) = self.variants.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(general)) {
                return Ok((tag, variant));
            }
            match general.rsplit_once('-') {
                Some((shorter, _)) => general = shorter,
                None => break,
            }
        }
        let bare = !wanted.contains('-');
        let special = self.variants.iter().find(|(tag, _)| bare && primary(tag).eq_ignore_ascii_case(wanted));
        special.map(|(tag, variant)| (tag.as_str(), variant)).ok_or_else(|| ContentError::NoLanguage(wanted.to_owned()))
    }
}

/// The language of a tag without region and script.
pub(crate) fn primary(tag: &str) -> &str {
    tag.split_once('-').map_or(tag, |(primary, _)| primary)
}

impl Block {
    /// All texts in which merge fields may stand, each with its place below the block.
    pub(crate) fn texts(&self) -> Vec<(String, &str)> {
        match self {
            Self::Heading { text, .. } | Self::Text { text } => vec![("/text".to_owned(), text)],
            Self::Button { label, .. } | Self::Link { label, .. } => vec![("/label".to_owned(), label)],
            Self::Image { alt, .. } => vec![("/alt".to_owned(), alt)],
            Self::List { items, .. } => items.iter().enumerate().map(|(index, item)| (format!("/items/{index}"), item.as_str())).collect(),
            Self::Footer { text, preferences_label } => {
                vec![("/text".to_owned(), text), ("/preferences_label".to_owned(), preferences_label)]
            }
            Self::Section { .. } | Self::Divider {} | Self::Spacer { .. } => Vec::new(),
        }
    }

    /// The key of the target this block leads to.
    pub(crate) fn link(&self) -> Option<&str> {
        match self {
            Self::Button { link, .. } | Self::Link { link, .. } | Self::Image { link: Some(link), .. } => Some(link),
            _ => None,
        }
    }
}
