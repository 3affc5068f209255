//! Calls of guests that trap, do not end, take what they are not given, or break the rules of the border.

use std::time::{Duration, Instant};

use gateway_domain::capability::Capability;
use gateway_domain::journey::JourneyEvent;
use gateway_domain::plugin::PluginName;
use gateway_plugin_host::HostConfig;
use gateway_ports::plugins::{OutgoingMessage, PluginError, Plugins};
use jiff::Timestamp;
use rstest::rstest;

use super::guest::{Guest, repeated};
use crate::{Bench, bench};

/// How much later than its deadline a call may end on a machine that is busy with other things.
pub(crate) const SLACK: Duration = Duration::from_secs(2);

pub(crate) async fn installed(bench: &Bench, guest: &Guest) -> PluginName {
    let grants = [Capability::Log, Capability::Lookup, Capability::Mail];
    bench.host.install(&guest.manifest(), &guest.component(), &grants, false).await.unwrap().name
}

pub(crate) fn message(to: &str) -> OutgoingMessage {
    OutgoingMessage {
        key: "msg_1".to_owned(),
        to: to.to_owned(),
        content_kind: "text/plain".to_owned(),
        subject: None,
        body: b"hello".to_vec(),
        attributes: Vec::new(),
    }
}

/// Calls the function that all kinds have.
pub(crate) async fn check(bench: &Bench, name: &PluginName, config: &str) -> Result<(), PluginError> {
    bench.host.segment(name)?.check(config).await.map(drop)
}

/// A guest that does everything well; it stands for the other plugins of a gateway.
pub(crate) async fn neighbour(bench: &Bench) -> PluginName {
    let manifest = Guest::segment().manifest().replace("hostile", "well");
    bench.host.install(&manifest, &Guest::segment().component(), &[], false).await.unwrap().name
}

/// Stores the words from `address` on, and answers with the address.
pub(crate) fn answer(address: u32, words: &[u32]) -> String {
    let store = |number: usize| format!("(i32.store (i32.const {}) (i32.const {}))", address + 4 * number as u32, words[number] as i32);
    let stores = repeated(words.len(), store);
    format!("{stores} (i32.const {address})")
}

fn check_does(body: &str) -> Guest {
    Guest::segment().does("check", body)
}

fn check_answers(words: &[u32]) -> Guest {
    check_does(&answer(64, words))
}

#[rstest]
#[case::a_loop_without_end(check_does("(loop br 0) unreachable"), "computed for longer")]
#[case::a_loop_that_writes_all_over_its_memory(
    check_does(
        "(loop (i32.store (i32.and (local.get $i) (i32.const 0xfffc)) (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 4))) br 0) unreachable"
    ),
    ""
)]
#[case::a_loop_of_bulk_fills(
    check_does("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) br 0) unreachable"),
    "used up its fuel"
)]
#[case::recursion(Guest::segment().does("check", "call $dig").with("(func $dig (result i32) call $dig i32.const 1 i32.add)"), "call stack exhausted")]
#[case::recursion_of_two(
    Guest::segment().does("check", "call $a").with("(func $a (result i32) call $b i32.const 1 i32.add) (func $b (result i32) call $a i32.const 1 i32.add)"),
    "call stack exhausted"
)]
#[case::frames_of_a_thousand_values(large_frames(), "call stack exhausted")]
#[case::memory_growth_page_by_page(
    check_does("(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) i32.const 16"),
    "bytes of memory more"
)]
#[case::memory_growth_at_once(check_does("(drop (memory.grow (i32.const 65000))) i32.const 16"), "bytes of memory more")]
#[case::table_growth(
    Guest::segment().does("check", "(loop (drop (table.grow $t (ref.null func) (i32.const 1000))) br 0) unreachable").with("(table $t 1 funcref)"),
    "a table of"
)]
#[case::table_growth_at_once(
    Guest::segment().does("check", "(drop (table.grow $t (ref.null func) (i32.const 0x7fffffff))) i32.const 16").with("(table $t 1 funcref)"),
    "used up its fuel"
)]
#[case::table_growth_just_above_the_limit(
    Guest::segment().does("check", "(drop (table.grow $t (ref.null func) (i32.const 20000))) i32.const 16").with("(table $t 1 funcref)"),
    "a table of 20001 entries"
)]
#[case::unreachable_code(check_does("unreachable"), "unreachable")]
#[case::a_division_by_zero(check_does("(i32.div_u (i32.const 1) (local.get $i))"), "divide by zero")]
#[case::an_overflow_of_a_division(check_does("(i32.div_s (i32.const 0x80000000) (i32.const -1))"), "integer overflow")]
#[case::a_number_that_is_none_as_integer(check_does("(i32.trunc_f64_s (f64.const nan))"), "invalid conversion")]
#[case::a_read_past_the_end_of_memory(check_does("(i32.load (i32.const -4))"), "out of bounds memory access")]
#[case::a_write_past_the_end_of_memory(
    check_does("(i64.store offset=0xffffffff (i32.const -1) (i64.const 1)) i32.const 16"),
    "out of bounds memory access"
)]
#[case::a_copy_past_the_end_of_memory(
    check_does("(memory.copy (i32.const 0) (i32.const 1) (i32.const -1)) i32.const 16"),
    "used up its fuel"
)]
#[case::a_small_copy_past_the_end_of_memory(
    check_does("(memory.copy (i32.const 0) (i32.const -9) (i32.const 99)) i32.const 16"),
    "out of bounds memory access"
)]
#[case::an_indirect_call_past_the_table(
    Guest::segment().does("check", "(call_indirect $t (result i32) (i32.const 99))").with("(table $t 1 funcref)"),
    "out of bounds"
)]
#[case::an_indirect_call_of_nothing(
    Guest::segment().does("check", "(call_indirect $t (result i32) (i32.const 0))").with("(table $t 1 funcref)"),
    "uninitialized element"
)]
#[case::an_indirect_call_of_another_type(
    Guest::segment().does("check", "(call_indirect $t (result i32) (i32.const 0))").with("(table $t 1 funcref) (elem (i32.const 0) $other) (func $other (param i64))"),
    "indirect call type mismatch"
)]
#[case::a_trap_after_the_answer(
    Guest::segment().with("(func (export \"cabi_post_outreach:plugin/segment@0.1.0#check\") (param i32) unreachable)"),
    "unreachable"
)]
#[case::a_loop_after_the_answer(
    Guest::segment().with("(func (export \"cabi_post_outreach:plugin/segment@0.1.0#check\") (param i32) (loop br 0))"),
    "computed for longer"
)]
#[case::a_trap_while_room_is_made(Guest::segment().realloc("unreachable"), "unreachable")]
#[case::a_loop_while_room_is_made(Guest::segment().realloc("(loop br 0) unreachable"), "computed for longer")]
#[case::room_past_the_end_of_memory(Guest::segment().realloc("i32.const 0x7ffffff0"), "beyond end of memory")]
#[case::room_at_the_last_address(Guest::segment().realloc("i32.const -1"), "")]
#[case::an_answer_past_the_end_of_memory(check_does("i32.const 0x7ffffff0"), "out of bounds")]
#[case::an_answer_that_is_not_aligned(check_does("i32.const 17"), "not aligned")]
#[case::a_list_of_two_thousand_million_findings(check_answers(&[0, 1 << 31]), "")]
#[case::a_list_of_as_many_findings_as_can_be_said(check_answers(&[0, u32::MAX]), "")]
#[case::a_list_whose_bytes_overflow(check_answers(&[0, u32::MAX / 20 + 1]), "")]
#[case::a_list_that_is_not_aligned(check_answers(&[1, 1]), "not aligned")]
#[case::a_list_past_the_end_of_memory(check_answers(&[0x7fff_fff0, 1]), "out of bounds")]
#[case::a_path_of_two_gigabytes(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x8000_0000 - 1]), "out of bounds")]
#[case::a_path_of_four_gigabytes(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, u32::MAX]), "out of bounds")]
#[case::a_path_that_is_no_utf_8(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xffff_fffe]), "utf-8")]
#[case::half_a_letter(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc3]), "utf-8")]
#[case::a_surrogate_as_text(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0080_a0ed]), "utf-8")]
#[case::findings_that_all_share_the_same_megabyte(shared_bytes(), "")]
#[case::a_million_findings(check_does(&format!("(drop (memory.grow (i32.const 400))) {}", answer(64, &[128, 1_000_000]))), "")]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_stopped_at(#[case] guest: Guest, #[case] reason: &str) {
    let bench = bench();
    let (name, well) = (installed(&bench, &guest).await, neighbour(&bench).await);
    let started = Instant::now();
    let error = check(&bench, &name, "{}").await.unwrap_err();
    let took = started.elapsed();
    assert!(matches!(&error, PluginError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
    assert!(took < HostConfig::for_testing().compute_time + SLACK, "it took {took:?}");
    check(&bench, &well, "{}").await.unwrap();
}

fn large_frames() -> Guest {
    let locals = "i64 ".repeat(1_000);
    let uses = repeated(1_001, |local| format!("(local.set {local} (i64.add (local.get {local}) (local.get 0)))"));
    let sum = repeated(1_001, |local| format!("(local.get {local}) i64.add "));
    let dig =
        format!("(func $dig (param i64) (result i64) (local {locals}) {uses} (call $dig (i64.add (local.get 0) (i64.const 1))) {sum})");
    Guest::segment().does("check", "(drop (call $dig (i64.const 1))) i32.const 16").with(dig)
}

/// Fifty findings, each of which has the same megabyte as its message: little memory in the guest, much in the host.
fn shared_bytes() -> Guest {
    let body = "(memory.fill (i32.const 65536) (i32.const 97) (i32.const 900000))
        (loop
            (i32.store offset=136 (i32.mul (local.get $i) (i32.const 20)) (i32.const 65536))
            (i32.store offset=140 (i32.mul (local.get $i) (i32.const 20)) (i32.const 900000))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (i32.const 50))))
        (i32.store (i32.const 64) (i32.const 128)) (i32.store (i32.const 68) (i32.const 50)) (i32.const 64)";
    check_does(body)
}

#[rstest]
#[case::a_truth_that_is_neither(check_answers(&[128, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]))]
#[case::rooms_that_overlap(Guest::segment().realloc("i32.const 64"))]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_canonical_abi_forgives_does_no_harm(#[case] guest: Guest) {
    let bench = bench();
    let (name, well) = (installed(&bench, &guest).await, neighbour(&bench).await);
    check(&bench, &name, "{}").await.unwrap();
    check(&bench, &well, "{}").await.unwrap();
}

#[rstest]
#[case::a_result_that_is_neither(Guest::segment().does("describe", answer(64, &[7])), "discriminant")]
#[case::an_error_of_no_kind(Guest::segment().does("describe", answer(64, &[1, 9])), "discriminant")]
#[case::an_option_that_is_neither(Guest::segment().does("describe", answer(64, &[1, 1, 9])), "discriminant")]
#[tokio::test(flavor = "multi_thread")]
async fn a_description_is_stopped_at(#[case] guest: Guest, #[case] reason: &str) {
    let bench = bench();
    let name = installed(&bench, &guest).await;
    let error = bench.host.segment(&name).unwrap().describe("{}").await.unwrap_err();
    assert!(matches!(&error, PluginError::Stopped { .. }) && error.to_string().contains(reason), "{error}");
}

/// A transition with this many letters of state, effects of this shape, questions and letters of the step it is at.
fn transition(state: u32, effects: u32, questions: u32, step: u32) -> String {
    let words = [0, 65_536, state, 65_536, effects, 65_536, questions, 65_536, step];
    format!("(drop (memory.grow (i32.const 64))) {}", answer(64, &words))
}

/// One effect of the kind, whose payload begins with these words.
fn effect(kind: u32, payload: &[u32]) -> String {
    let mut words = vec![kind, 0];
    words.extend_from_slice(payload);
    format!("(drop (memory.grow (i32.const 64))) (drop {}) {}", answer(65_536, &words), answer(64, &[0, 0, 0, 65_536, 1]))
}

const MEGABYTE: [u32; 2] = [131_072, 700_000];

#[rstest]
#[case::a_state_of_more_than_64_kib(transition((64 << 10) + 1, 0, 0, 0), "a state of 65537 bytes")]
#[case::thousands_of_effects(transition(0, 5_000, 0, 0), "5000 effects")]
#[case::thousands_of_questions(transition(0, 0, 5_000, 0), "5000 questions")]
#[case::a_step_with_a_name_of_a_kilobyte(transition(0, 0, 0, 1_024), "a key of 1024 bytes")]
#[case::a_send_with_a_step_of_a_megabyte(effect(0, &MEGABYTE), "a key of 700000 bytes")]
#[case::a_send_over_a_thousand_channels(effect(0, &[0, 0, 0, 0, 131_072, 1_000]), "a list of 1000 keys")]
#[case::a_wake_in_a_year_that_never_comes(effect(1, &[0, 0, u32::MAX, 0x7fff_ffff]), "as a moment")]
#[case::a_listener_for_a_thousand_kinds(effect(2, &[0, 0, 131_072, 1_000]), "a list of 1000 keys")]
#[case::a_list_with_a_key_of_a_megabyte(effect(3, &MEGABYTE), "a key of 700000 bytes")]
#[case::a_task_with_a_note_of_a_megabyte(effect(4, &[0, 0, 0, 1, 131_072, 700_000]), "a note of 700000 characters")]
#[case::a_branch_with_a_name_of_a_megabyte(effect(5, &[0, 0, 131_072, 700_000]), "a key of 700000 bytes")]
#[case::an_effect_of_no_kind(effect(17, &[]), "discriminant")]
#[case::a_task_of_no_kind(effect(4, &[0, 0, 99]), "discriminant")]
#[tokio::test(flavor = "multi_thread")]
async fn a_journey_may_not_propose(#[case] body: String, #[case] reason: &str) {
    let bench = bench();
    let name = installed(&bench, &Guest::journey().does("advance", body)).await;
    let entered = JourneyEvent::Entered("joined".to_owned());
    let plugin = bench.host.journey(&name, None).unwrap();
    let error = plugin.advance("{}", None, &entered, &[], Timestamp::UNIX_EPOCH).await.unwrap_err();
    assert!(matches!(&error, PluginError::Nonsense { .. } | PluginError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}
