//! What a guest's standard library imports of WASI beside what was granted. It can be named, so that the component starts, and is a trap when
//! it is called. What some ask for before anything else is answered: there is no environment and there are no folders, and a guest that was
//! granted the web, and is no pure function anyway, has a few random bytes for its hash tables.

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType, Val};
use wasmtime_wasi::p2::bindings::io::error::Error as IoError;
use wasmtime_wasi::p2::bindings::io::poll::Pollable as DynPollable;
use wasmtime_wasi::p2::bindings::io::streams::{InputStream as DynInputStream, OutputStream as DynOutputStream};

use crate::host::CallState;

/// Interfaces that are there with `wasi:http`. The linker gives a guest that was built for another version of WASI 0.2 ours, unless there
/// is one of exactly its version.
const WITH_HTTP: [&str; 6] = [
    "wasi:clocks/monotonic-clock@0.2.",
    "wasi:http/outgoing-handler@0.2.",
    "wasi:http/types@0.2.",
    "wasi:io/error@0.2.",
    "wasi:io/poll@0.2.",
    "wasi:io/streams@0.2.",
];
/// Random bytes that are given at once.
const MOST_RANDOM: u64 = 4_096;

/// Defines what is imported of WASI and was not linked.
pub(crate) fn link(linker: &mut Linker<CallState>, engine: &Engine, component: &Component, has_http: bool) -> wasmtime::Result<()> {
    for (import, item) in component.component_type().imports(engine) {
        let is_there = has_http && WITH_HTTP.iter().any(|interface| import.starts_with(interface));
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        if is_there || !import.starts_with("wasi:") {
            continue;
        }
        let mut instance = linker.instance(import)?;
        for (name, item) in interface.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let called = format!("{import}#{name}");
                    let answer = answer(import, name, has_http);
                    instance.func_new(name, move |store, _, asked, results| {
                        match (answer.and_then(|answer| answer(store.data(), asked)), results) {
                            (Some(answer), [result]) => {
                                *result = answer;
                                Ok(())
                            }
                            _ => Err(wasmtime::Error::msg(format!("it called `{called}`, which no plugin has"))),
                        }
                    })?;
                }
                ComponentItem::Resource(_) => instance.resource(name, resource(name, has_http), |_, _| Ok(()))?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// What stands for a resource. Standard input and the like pass on those of `wasi:io`, which have to be the ones that are there.
fn resource(name: &str, has_http: bool) -> ResourceType {
    match name {
        "input-stream" if has_http => ResourceType::host::<DynInputStream>(),
        "output-stream" if has_http => ResourceType::host::<DynOutputStream>(),
        "pollable" if has_http => ResourceType::host::<DynPollable>(),
        "error" if has_http => ResourceType::host::<IoError>(),
        _ => ResourceType::host::<()>(),
    }
}

/// What is answered, if anything.
type Answer = fn(&CallState, &[Val]) -> Option<Val>;

fn answer(import: &str, name: &str, has_http: bool) -> Option<Answer> {
    let (interface, _) = import.split_once('@')?;
    match (interface, name) {
        ("wasi:cli/environment", "get-environment" | "get-arguments") | ("wasi:filesystem/preopens", "get-directories") => {
            Some(|_, _| Some(Val::List(Vec::new())))
        }
        ("wasi:cli/environment", "initial-cwd") => Some(|_, _| Some(Val::Option(None))),
        ("wasi:random/random", "get-random-bytes") if has_http => Some(random_bytes),
        _ => None,
    }
}

fn random_bytes(call: &CallState, asked: &[Val]) -> Option<Val> {
    let [Val::U64(count @ ..=MOST_RANDOM)] = asked else { return None };
    let mut bytes = vec![0; *count as usize];
    call.services.entropy.as_ref()?.fill(&mut bytes);
    Some(Val::List(bytes.into_iter().map(Val::U8).collect()))
}
