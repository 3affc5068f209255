//! Components that are refused before anybody calls them, each with the reason.

use std::time::{Duration, Instant};

use gateway_domain::capability::Capability;
use gateway_plugin_host::{HostConfig, InstallError};
use rstest::rstest;

use super::calls::{SLACK, check, neighbour};
use super::guest::{Guest, repeated};
use crate::{bench, bench_with};

fn text(component: &str) -> Vec<u8> {
    wat::parse_str(component).unwrap()
}

fn good() -> Vec<u8> {
    Guest::segment().component()
}

/// The good component, its WIT of another version of the same length.
fn of_version(version: &str) -> Vec<u8> {
    let logs = Guest::segment().imports("log", "write", "(param i32 i32 i32)").component();
    replaced(&logs, "@0.1.0", version)
}

fn replaced(component: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut component = component.to_vec();
    let places: Vec<usize> =
        component.windows(from.len()).enumerate().filter(|(_, part)| *part == from.as_bytes()).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        component[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    component
}

fn importing(import: &str) -> Vec<u8> {
    text(&format!(r#"(component (import "{import}" (instance (export "get" (func (result u64))))))"#))
}

fn nested(levels: usize) -> Vec<u8> {
    text(&format!("{}{}", "(component ".repeat(levels), ")".repeat(levels)))
}

/// Deeper than text can say.
fn nested_in_bytes(levels: usize) -> Vec<u8> {
    const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";
    (0..levels).fold(PREAMBLE.to_vec(), |inner, _| {
        let length = inner.len() as u32;
        let digits = (0..5).map(|byte| ((length >> (7 * byte)) & 0x7f) as u8 | if byte < 4 { 0x80 } else { 0 });
        PREAMBLE.into_iter().chain([4]).chain(digits).chain(inner).collect()
    })
}

fn nested_type(levels: usize) -> Vec<u8> {
    let types = repeated(levels, |level| format!("(type $t{} (list $t{level}))", level + 1));
    text(&format!("(component (type $t0 (list u8)) {types} (import \"deep\" (func (param \"a\" $t{levels}))))"))
}

fn doubling_type(levels: usize) -> Vec<u8> {
    let types = repeated(levels, |level| format!("(type $t{} (tuple $t{level} $t{level}))", level + 1));
    text(&format!("(component (type $t0 (tuple u8 u8)) {types} (import \"wide\" (func (param \"a\" $t{levels}))))"))
}

fn module_with(items: &str) -> Vec<u8> {
    text(&format!("(component (core module {items}))"))
}

/// Eight megabytes that say nothing, in a section that nobody reads, above the limit of the test.
fn too_large() -> Vec<u8> {
    let mut component = good();
    component.extend_from_slice(&[0, 0x81, 0x80, 0x80, 0x20, 0]);
    component.resize(component.len() + (64 << 20), 0);
    component
}

/// As large as may be, nearly all of it in a section that nobody reads.
fn just_small_enough() -> Vec<u8> {
    let mut component = good();
    let name = [1, b'a'];
    let left = HostConfig::for_testing().component_bytes - component.len() - 6;
    let length = left as u32;
    component.push(0);
    component.extend((0..5).map(|byte| ((length >> (7 * byte)) & 0x7f) as u8 | if byte < 4 { 0x80 } else { 0 }));
    component.extend_from_slice(&name);
    component.resize(HostConfig::for_testing().component_bytes, 0);
    component
}

#[rstest]
#[case::nothing_at_all(Vec::new(), "can't be compiled")]
#[case::a_sentence(b"I am a component, believe me.".to_vec(), "can't be compiled")]
#[case::zeros(vec![0; 4_096], "can't be compiled")]
#[case::a_core_module(text("(module)"), "can't be compiled")]
#[case::a_component_cut_in_half(good()[..good().len() / 2].to_vec(), "can't be compiled")]
#[case::a_component_without_its_last_byte(good()[..good().len() - 1].to_vec(), "can't be compiled")]
#[case::another_magic([b"\0bsm".as_slice(), &good()[4..]].concat(), "can't be compiled")]
#[case::a_layer_that_does_not_exist([b"\0asm\x0d\0\x09\0".as_slice(), &good()[8..]].concat(), "can't be compiled")]
#[case::a_section_longer_than_the_file([good().as_slice(), &[0, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat(), "can't be compiled")]
#[case::bytes_after_the_end([good().as_slice(), &[0xff; 64]].concat(), "can't be compiled")]
#[case::a_component_above_the_limit(too_large(), "bytes; at most 67108864 are taken")]
#[case::an_interface_of_the_next_version(of_version("@0.2.0"), "which this gateway does not offer")]
#[case::an_interface_of_a_version_far_away(of_version("@9.0.0"), "which this gateway does not offer")]
#[case::an_export_of_the_next_version(replaced(&good(), "@0.1.0", "@0.2.0"), "which this gateway does not offer")]
#[case::an_empty_component(text("(component)"), "is no segment plugin")]
#[case::an_export_under_another_name(replaced(&good(), "segment@", "segmend@"), "is no segment plugin")]
#[case::a_function_that_is_missing(replaced(&good(), "describe", "descripe"), "is no segment plugin")]
#[case::the_kind_of_another_world(Guest::journey().component(), "is no segment plugin")]
#[case::a_function_in_place_of_the_interface(
    text(r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f"))) (export "outreach:plugin/segment@0.1.0" (func $f)))"#),
    "is no segment plugin"
)]
#[case::functions_of_other_types(
    text(
        r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f")))
        (instance $s (export "check" (func $f)) (export "describe" (func $f)) (export "evaluate" (func $f)))
        (export "outreach:plugin/segment@0.1.0" (instance $s)))"#
    ),
    "expected 1-tuple, found 0-tuple"
)]
#[case::a_host_interface_nobody_has(importing("outreach:plugin/patients@0.1.0"), "which this gateway does not offer")]
#[case::an_interface_of_somebody_else(importing("evil:tools/shell@1.0.0"), "which this gateway does not offer")]
#[case::a_function_outside_of_any_interface(
    text(r#"(component (import "system" (func (param "command" string))))"#),
    "which this gateway does not offer"
)]
#[case::a_core_module_as_import(text(r#"(component (import "code" (core module)))"#), "which this gateway does not offer")]
#[case::a_capability_that_was_not_asked_for(importing("outreach:plugin/mail@0.1.0"), "does not ask for it")]
#[case::a_memory_above_the_limit(Guest::segment().memory("600").component(), "memory")]
#[case::the_largest_memory_there_is(Guest::segment().memory("65536").component(), "memory")]
#[case::a_memory_of_64_bits_without_end(Guest::segment().with("(memory $large i64 0x1000000)").component(), "memory")]
#[case::a_table_above_the_limit(Guest::segment().with("(table 30000 funcref)").component(), "table")]
#[case::a_table_of_four_thousand_million(Guest::segment().with("(table 4294967295 funcref)").component(), "table")]
#[case::nine_tables(Guest::segment().with("(table 1 funcref)".repeat(9)).component(), "table")]
#[case::three_memories(Guest::segment().with("(memory 1)".repeat(2)).component(), "memor")]
#[case::forty_nine_core_instances(
    text(&format!("(component (core module $m) {})", repeated(49, |_| "(core instance (instantiate $m))".to_owned()))),
    "instances"
)]
#[case::a_start_that_does_not_end(Guest::segment().with("(start $s) (func $s (loop br 0))").component(), "computed for longer")]
#[case::a_start_that_traps(Guest::segment().with("(start $s) (func $s unreachable)").component(), "unreachable")]
#[case::a_start_that_takes_all_memory(
    Guest::segment().with("(start $s) (func $s (loop (drop (memory.grow (i32.const 1))) br 0))").component(),
    "bytes of memory more"
)]
#[case::two_memories_that_together_are_above_the_limit(
    text(&format!("(component (core module $m (memory 320)) (core instance (instantiate $m)) (core instance (instantiate $m)) {})", inner_segment())),
    "bytes of memory more"
)]
#[case::data_past_the_end_of_memory(Guest::segment().with("(data (i32.const -1) \"abc\")").component(), "out of bounds")]
#[case::elements_past_the_end_of_the_table(
    Guest::segment().with("(table 1 funcref) (elem (i32.const 7) $f) (func $f)").component(),
    "out of bounds"
)]
#[case::components_a_hundred_deep(nested(100), "levels of modules and components")]
#[case::components_ten_thousand_deep(nested_in_bytes(10_000), "levels of modules and components")]
#[case::two_hundred_modules(text(&format!("(component {})", "(core module)".repeat(200))), "modules and components")]
#[case::a_function_of_two_megabytes(module_with(&format!("(func {})", "i32.const 1 drop ".repeat(700_000))), "bytes in one function")]
#[case::a_hundred_thousand_functions(module_with(&"(func)".repeat(100_001)), "functions")]
#[case::half_a_million_globals(module_with(&"(global i32 (i32.const 0))".repeat(500_001)), "items")]
#[case::more_exports_than_can_be(module_with(&format!("(func $f) {}", repeated(500_001, |number| format!("(export \"{number}\" (func $f))")))), "items")]
#[case::more_imports_than_can_be(module_with(&"(import \"a\" \"a\" (func))".repeat(500_001)), "items")]
#[case::a_function_of_fifty_thousand_variables_and_one(module_with(&format!("(func (local {}))", "i64 ".repeat(50_001))), "can't be compiled")]
#[case::a_type_two_hundred_deep(nested_type(200), "can't be compiled")]
#[case::a_type_that_doubles_forty_times(doubling_type(40), "can't be compiled")]
#[case::a_resource_of_its_own(text("(component (type (resource (rep i32))))"), "defines a resource of its own")]
#[case::a_resource_of_its_own_deep_inside(
    text("(component (component (component (type (resource (rep i32))))))"),
    "defines a resource of its own"
)]
#[case::a_future(text("(component (type $f (future u8)) (core func (canon future.new $f)))"), "can't be compiled")]
#[case::a_stream(text("(component (type $s (stream u8)) (core func (canon stream.new $s)))"), "can't be compiled")]
#[case::a_thread(module_with("(memory 1 1 shared)"), "can't be compiled")]
#[tokio::test(flavor = "multi_thread")]
async fn not_installed_is(#[case] component: Vec<u8>, #[case] reason: &str) {
    let bench = bench();
    let started = Instant::now();
    let installed = bench.host.install(&Guest::segment().manifest(), &component, &[], false).await;
    let took = started.elapsed();
    let error = installed.unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
    assert!(error.len() < 1_000, "{error}");
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    let well = neighbour(&bench).await;
    check(&bench, &well, "{}").await.unwrap();
}

#[rstest]
#[case::files("wasi:filesystem/types@0.2.0")]
#[case::sockets("wasi:sockets/tcp@0.2.0")]
#[case::the_environment("wasi:cli/environment@0.2.0")]
#[case::the_clock("wasi:clocks/wall-clock@0.2.0")]
#[case::randomness("wasi:random/random@0.2.0")]
#[case::what_only_sounds_like_wasi("wasi:evil/shell@6.6.6")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_of_wasi_is_a_trap(#[case] interface: &str) {
    let bench = bench();
    let asking = format!(
        r#"(component
            (import "{interface}" (instance $wasi (export "get" (func (result u64)))))
            (core func $get (canon lower (func $wasi "get")))
            (core module $m (import "a" "get" (func $get (result i64))) (func $s (drop (call $get))) (start $s))
            (core instance (instantiate $m (with "a" (instance (export "get" (func $get))))))
            {})"#,
        inner_segment()
    );
    let error = bench.host.install(&Guest::segment().manifest(), &text(&asking), &[], false).await.unwrap_err();
    assert!(matches!(&error, InstallError::Describe(_)), "{error}");
    assert!(error.to_string().contains("which no plugin has"), "{error}");
}

/// The export of a good segment plugin, as text that stands inside another component.
fn inner_segment() -> &'static str {
    r#"(core module $n (func (export "f"))) (core instance $i (instantiate $n)) (func $f (canon lift (core func $i "f")))
        (instance $s (export "check" (func $f)) (export "describe" (func $f)) (export "evaluate" (func $f)))
        (export "outreach:plugin/segment@0.1.0" (instance $s))"#
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capability_that_was_not_granted_keeps_a_component_out() {
    let bench = bench();
    let guest = Guest::channel().imports("mail", "relay", "(param i32 i32 i32 i32 i32 i32 i32)");
    let error = bench.host.install(&guest.manifest(), &guest.component(), &[Capability::Log], false).await.unwrap_err();
    assert!(matches!(&error, InstallError::NotGranted { capability: "mail", .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_as_large_as_may_be_is_taken() {
    let bench = bench();
    bench.host.install(&Guest::segment().manifest(), &just_small_enough(), &[], false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_compiles_for_too_long_is_refused_and_the_next_one_is_taken() {
    let function = |number: usize| {
        let loops = repeated(150, |_| {
            "(loop (local.set 0 (i64.mul (i64.add (local.get 0) (i64.const 7)) (local.get 1))) (br_if 0 (i64.eqz (local.get 0))))"
                .to_owned()
        });
        format!("(func (export \"f{number}\") (param i64 i64) {loops})")
    };
    let slow = Guest::segment().with(repeated(100, function)).component();
    let bench = bench_with(HostConfig { compile_time: Duration::from_millis(100), ..HostConfig::for_testing() });
    let started = Instant::now();
    let error = bench.host.install(&Guest::segment().manifest(), &slow, &[], false).await.unwrap_err();
    assert!(matches!(&error, InstallError::Slow { .. }), "{error}");
    assert!(started.elapsed() < SLACK, "it took {:?}", started.elapsed());
    let small = Guest::segment().component();
    while let Err(error) = bench.host.install(&Guest::segment().manifest(), &small, &[], false).await {
        assert!(matches!(&error, InstallError::Slow { .. }) && started.elapsed() < Duration::from_mins(2), "{error}");
    }
}
