//! Guests written by hand: a core module as text, wrapped by the WIT into a component of one of the three worlds. What a case does not
//! say is done well, so that each does harm in one way only.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A component in the making.
#[derive(Clone)]
pub(crate) struct Guest {
    kind: &'static str,
    asks: Vec<&'static str>,
    imports: String,
    memory: String,
    realloc: String,
    bodies: BTreeMap<&'static str, String>,
    items: String,
}

/// Functions of a kind: name, parameters, and what a good one does. At 16 there is nothing but zeros: an empty list, or success with
/// empty lists.
const SEGMENT: [(&str, &str, &str); 3] = [
    ("check", "(param i32 i32) (result i32)", "i32.const 16"),
    ("describe", "(param i32 i32) (result i32)", "i32.const 16"),
    ("evaluate", "(param i32) (result i32)", "i32.const 16"),
];
const JOURNEY: [(&str, &str, &str); 2] = [
    ("check", "(param i32 i32) (result i32)", "i32.const 16"),
    ("advance", "(param i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i64) (result i32)", "i32.const 16"),
];
/// At 512 the description of a channel that carries faxes, at 900 its medium.
const CHANNEL: [(&str, &str, &str); 3] = [
    ("check", "(param i32 i32) (result i32)", "i32.const 16"),
    ("describe", "(param i32 i32) (result i32)", "i32.const 512"),
    ("send", "(param i32 i32 i32 i32) (result i32)", "i32.const 16"),
];
const FAX: &str = r#"(data (i32.const 900) "fax") (data (i32.const 516) "\84\03\00\00\03\00\00\00") (data (i32.const 536) "\0a\00\00\00")"#;
const BUMP: &str = "
    (global.set $next (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size)))";

impl Guest {
    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            asks: Vec::new(),
            imports: String::new(),
            memory: "16".to_owned(),
            realloc: BUMP.to_owned(),
            bodies: BTreeMap::new(),
            items: String::new(),
        }
    }

    pub(crate) fn segment() -> Self {
        Self::of("segment")
    }

    pub(crate) fn journey() -> Self {
        Self::of("journey")
    }

    pub(crate) fn channel() -> Self {
        Self::of("channel")
    }

    /// What a function does instead of doing well.
    pub(crate) fn does(mut self, function: &'static str, body: impl Into<String>) -> Self {
        self.bodies.insert(function, body.into());
        self
    }

    /// More items of the module.
    pub(crate) fn with(mut self, items: impl Into<String>) -> Self {
        self.items = items.into();
        self
    }

    /// Pages of memory: the first number of them, and the largest.
    pub(crate) fn memory(mut self, pages: &str) -> Self {
        pages.clone_into(&mut self.memory);
        self
    }

    pub(crate) fn realloc(mut self, body: &str) -> Self {
        body.clone_into(&mut self.realloc);
        self
    }

    /// Imports a function of a capability as `$name`.
    pub(crate) fn imports(mut self, capability: &'static str, function: &'static str, signature: &str) -> Self {
        if !self.asks.contains(&capability) {
            self.asks.push(capability);
        }
        let _ = write!(self.imports, r#"(import "outreach:plugin/{capability}@0.1.0" "{function}" (func ${capability} {signature}))"#);
        self
    }

    pub(crate) fn manifest(&self) -> String {
        let Self { kind, asks, .. } = self;
        format!("name = \"hostile\"\nversion = \"0.1.0\"\nkind = \"{kind}\"\ndescription = \"Means harm.\"\nasks = {asks:?}")
    }

    /// The core module.
    pub(crate) fn text(&self) -> String {
        let Self { kind, imports, memory, realloc, items, .. } = self;
        let mut text = format!(
            "(module {imports} (memory (export \"memory\") {memory}) (global $next (mut i32) (i32.const 4096)) {items}
            (func (export \"cabi_realloc\") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
            {realloc})"
        );
        let (functions, data): (&[(&str, &str, &str)], &str) = match *kind {
            "segment" => (&SEGMENT, ""),
            "journey" => (&JOURNEY, ""),
            _ => (&CHANNEL, FAX),
        };
        for (name, signature, well) in functions {
            let body = self.bodies.get(name).map_or(*well, String::as_str);
            let _ = write!(text, "\n(func (export \"outreach:plugin/{kind}@0.1.0#{name}\") {signature} (local $i i32) {body})");
        }
        text + data + ")"
    }

    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        wrap(self.kind, &wat::parse_str(self.text()).unwrap())
    }
}

/// A core module as a component of a kind.
pub(crate) fn wrap(kind: &str, module: &[u8]) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/wit");
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some(&format!("{kind}-plugin"))).unwrap();
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// Items one after the other, each from its number.
pub(crate) fn repeated(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, number| text + &item(number))
}
