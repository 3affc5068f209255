//! What is read of a component before it is compiled, which takes long for some that are small: how many items it has, how deep they
//! nest, and how large its largest function is.

use wasmparser::{ComponentType, ComponentTypeSectionReader, Parser, Payload};

use crate::config::HostConfig;
use crate::error::InstallError;

/// Counts of all modules and components inside a component.
#[derive(Debug, Default)]
struct Counts {
    functions: usize,
    items: usize,
    modules: usize,
    depth: usize,
    deepest: usize,
}

/// Refuses what would take too long to compile, and resources of the plugin's own, which no interface has.
pub(crate) fn inspect(config: &HostConfig, plugin: &str, component: &[u8]) -> Result<(), InstallError> {
    let malformed =
        |error: wasmparser::BinaryReaderError| InstallError::Compile { plugin: plugin.to_owned(), reason: error.message().to_owned() };
    let at_most = |what: &'static str, count: usize, most: usize| {
        if count > most { Err(InstallError::TooMuch { plugin: plugin.to_owned(), what, count, most }) } else { Ok(()) }
    };
    let mut counts = Counts::default();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(malformed)?;
        match &payload {
            Payload::CodeSectionStart { count, .. } => counts.functions = counts.functions.saturating_add(*count as usize),
            Payload::CodeSectionEntry(body) => at_most("bytes in one function", body.range().len(), config.function_bytes)?,
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                counts.modules += 1;
                counts.depth += 1;
                counts.deepest = counts.deepest.max(counts.depth);
            }
            Payload::End(_) => counts.depth = counts.depth.saturating_sub(1),
            Payload::ComponentTypeSection(types) if defines_resource(types.clone()).map_err(malformed)? => {
                return Err(InstallError::OwnResource { plugin: plugin.to_owned() });
            }
            _ => {}
        }
        counts.items = counts.items.saturating_add(items(&payload) as usize);
        at_most("functions", counts.functions, config.functions)?;
        at_most("items", counts.items, config.items)?;
        at_most("modules and components", counts.modules, config.modules)?;
        at_most("levels of modules and components", counts.deepest, config.levels)?;
    }
    Ok(())
}

/// Whether a section of types defines a resource. One that is imported is declared otherwise.
fn defines_resource(types: ComponentTypeSectionReader<'_>) -> Result<bool, wasmparser::BinaryReaderError> {
    for defined in types {
        if matches!(defined?, ComponentType::Resource { .. }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many items a section declares.
fn items(payload: &Payload<'_>) -> u32 {
    match payload {
        Payload::TypeSection(section) => section.count(),
        Payload::ImportSection(section) => section.count(),
        Payload::FunctionSection(section) => section.count(),
        Payload::TableSection(section) => section.count(),
        Payload::MemorySection(section) => section.count(),
        Payload::GlobalSection(section) => section.count(),
        Payload::ExportSection(section) => section.count(),
        Payload::ElementSection(section) => section.count(),
        Payload::DataSection(section) => section.count(),
        Payload::InstanceSection(section) => section.count(),
        Payload::CoreTypeSection(section) => section.count(),
        Payload::ComponentInstanceSection(section) => section.count(),
        Payload::ComponentAliasSection(section) => section.count(),
        Payload::ComponentTypeSection(section) => section.count(),
        Payload::ComponentCanonicalSection(section) => section.count(),
        Payload::ComponentImportSection(section) => section.count(),
        Payload::ComponentExportSection(section) => section.count(),
        _ => 0,
    }
}
