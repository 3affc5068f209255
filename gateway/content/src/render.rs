//! From a document to what one person reads.

use gateway_ports::content::{ContentError, MessageLinks, RenderRequest, RenderedMessage};

use crate::{
    document::{Block, Document, HeadingLevel},
    html,
    merge::Merge,
    plain_text,
};

/// The largest HTML part, in bytes. Checks warn long before.
const LARGEST_HTML: usize = 512 << 10;
/// The longest subject line, in characters.
const LONGEST_SUBJECT: usize = 250;

/// A block with its merge fields filled in and its link resolved: plain text, not yet escaped.
pub(crate) enum Filled {
    Section(Vec<Filled>),
    Heading { level: HeadingLevel, text: String },
    Text(String),
    Button { label: String, url: String },
    Link { label: String, url: String },
    Image { source: String, alt: String, width: Option<u16>, url: Option<String> },
    List { numbered: bool, items: Vec<String> },
    Divider,
    Spacer { height: u16 },
    Footer { text: String, label: String, url: String },
}

/// A variant with everything filled in.
pub(crate) struct FilledVariant {
    pub(crate) language: String,
    pub(crate) subject: String,
    pub(crate) preheader: String,
    pub(crate) blocks: Vec<Filled>,
}

pub(crate) fn render(request: &RenderRequest<'_>) -> Result<RenderedMessage, ContentError> {
    let document = Document::read(request.document)?;
    let (language, variant) = document.variant(request.language)?;
    let mut filler = Filler { document: &document, merge: Merge::new(request.values), links: request.links, targets: Vec::new() };
    let filled = FilledVariant {
        language: language.to_owned(),
        subject: subject(&filler.merge.fill(&variant.subject)?)?,
        preheader: filler.merge.fill(&variant.preheader)?,
        blocks: filler.blocks(&variant.blocks, true)?,
    };
    let html = html::write(&filled)?;
    if html.len() > LARGEST_HTML {
        return Err(ContentError::Render(format!("the HTML has more than {LARGEST_HTML} bytes")));
    }
    Ok(RenderedMessage {
        text: plain_text::write(&filled),
        subject: filled.subject,
        html,
        language: filled.language,
        links: filler.targets,
    })
}

/// The subject as one line.
fn subject(text: &str) -> Result<String, ContentError> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() || line.chars().count() > LONGEST_SUBJECT {
        return Err(ContentError::Render(format!("the subject has to have 1 to {LONGEST_SUBJECT} characters")));
    }
    Ok(line)
}

struct Filler<'a> {
    document: &'a Document,
    merge: Merge,
    links: &'a MessageLinks,
    targets: Vec<String>,
}

impl Filler<'_> {
    fn blocks(&mut self, blocks: &[Block], top: bool) -> Result<Vec<Filled>, ContentError> {
        blocks.iter().map(|block| self.block(block, top)).collect()
    }

    fn block(&mut self, block: &Block, top: bool) -> Result<Filled, ContentError> {
        let fill = |text: &str| self.merge.fill(text);
        Ok(match block {
            Block::Section { blocks } if top => Filled::Section(self.blocks(blocks, false)?),
            Block::Section { .. } => return Err(ContentError::Document("sections do not nest".to_owned())),
            Block::Heading { level, text } => Filled::Heading { level: *level, text: fill(text)? },
            Block::Text { text } => Filled::Text(fill(text)?),
            Block::Button { label, link } => Filled::Button { label: fill(label)?, url: self.link(link)? },
            Block::Link { label, link } => Filled::Link { label: fill(label)?, url: self.link(link)? },
            Block::Image { url, alt, width, link } => Filled::Image {
                source: url.clone(),
                alt: fill(alt)?,
                width: *width,
                url: link.as_ref().map(|link| self.link(link)).transpose()?,
            },
            Block::List { numbered, items } => {
                Filled::List { numbered: *numbered, items: items.iter().map(|item| fill(item)).collect::<Result<_, _>>()? }
            }
            Block::Divider {} => Filled::Divider,
            Block::Spacer { height } => Filled::Spacer { height: *height },
            Block::Footer { text, preferences_label } => {
                Filled::Footer { text: fill(text)?, label: fill(preferences_label)?, url: self.links.preferences.clone() }
            }
        })
    }

    /// Gives the target a number and returns the URL on our own pages that leads to it; the target itself where clicks are not heard.
    fn link(&mut self, key: &str) -> Result<String, ContentError> {
        let target = self.document.links.get(key);
        let target = target.ok_or_else(|| ContentError::Document(format!("the link `{key}` has no target")))?;
        if self.links.click.is_empty() {
            // Tracking is off: the link leads to its target.
            self.targets.push(target.clone());
            return Ok(target.clone());
        }
        let number = self.targets.len().to_string();
        if !self.links.click.contains("{n}") {
            return Err(ContentError::Render("the click URL has no place for a number".to_owned()));
        }
        self.targets.push(target.clone());
        Ok(self.links.click.replace("{n}", &number))
    }
}
