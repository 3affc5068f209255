//! Channels that write to whom they like, or answer nonsense.

use gateway_domain::capability::Capability;
use gateway_plugin_host::HostConfig;
use gateway_ports::plugins::{Plugins, SendOutcome};
use rstest::rstest;

use super::calls::{answer, installed, message};
use super::guest::Guest;
use crate::{Bench, bench, bench_with};

const RELAY: &str = "(param i32 i32 i32 i32 i32 i32 i32)";

/// A channel that relays as `body` says; at 1000 stands an address, at 1100 another.
fn relaying(function: &'static str, body: &str) -> Guest {
    let addresses = r#"(data (i32.const 1000) "eve@example.org") (data (i32.const 1100) "ana@example.org")"#;
    Guest::channel().imports("mail", "relay", RELAY).does(function, body).with(addresses)
}

/// Relays to an address of 15 letters.
fn relay_to(address: u32) -> String {
    format!(
        "(call $mail (i32.const 1000) (i32.const 15) (i32.const {address}) (i32.const 15) (i32.const 1000) (i32.const 15) (i32.const 2000))"
    )
}

async fn send(bench: &Bench, guest: &Guest, recipients: &[&str]) -> Vec<SendOutcome> {
    installed(bench, guest).await;
    let messages: Vec<_> = recipients.iter().map(|recipient| message(recipient)).collect();
    bench.host.channel("fax").unwrap().send("{}", &messages).await.unwrap()
}

fn relayed(bench: &Bench) -> Vec<String> {
    bench.relay.0.lock().unwrap().iter().map(|(_, to, _)| to.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_somebody_who_has_no_message_never_reaches_the_relay() {
    let bench = bench();
    send(&bench, &relaying("send", &format!("{} i32.const 16", relay_to(1000))), &["ana@example.org"]).await;
    assert_eq!(relayed(&bench), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_to_the_recipient_of_a_message_reaches_the_relay_once_and_no_more() {
    let bench = bench();
    let thrice = relay_to(1100).repeat(3);
    send(&bench, &relaying("send", &format!("{thrice} {} i32.const 16", relay_to(1000))), &["ana@example.org"]).await;
    assert_eq!(relayed(&bench), ["ana@example.org"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_messages_to_one_person_are_two_mails() {
    let bench = bench();
    let guest = relaying("send", &format!("{} i32.const 16", relay_to(1100).repeat(3)));
    send(&bench, &guest, &["ana@example.org", "ana@example.org"]).await;
    assert_eq!(relayed(&bench), ["ana@example.org", "ana@example.org"]);
}

#[rstest]
#[case::is_installed("describe", "i32.const 512")]
#[case::is_checked("check", "i32.const 16")]
#[tokio::test(flavor = "multi_thread")]
async fn no_mail_goes_out_while_a_channel(#[case] function: &'static str, #[case] well: &str) {
    let bench = bench();
    installed(&bench, &relaying(function, &format!("{} {} {well}", relay_to(1000), relay_to(1100)))).await;
    bench.host.channel("fax").unwrap().check("{}").await.unwrap();
    assert_eq!(relayed(&bench), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_mail_reaches_nobody_and_ends() {
    let bench = bench_with(HostConfig { host_calls: 1_000, ..HostConfig::for_testing() });
    let guest = relaying("send", &format!("(loop {} br 0) unreachable", relay_to(1000))).realloc("i32.const 8192");
    let outcomes = send(&bench, &guest, &["ana@example.org"]).await;
    assert!(matches!(&outcomes[..], [SendOutcome::Unknown(reason)] if reason.contains("called the host")), "{outcomes:?}");
    assert_eq!(relayed(&bench), Vec::<String>::new());
}

#[rstest]
#[case::no_outcome_for_a_message(answer(64, &[0, 0, 0]), "0 outcomes for 1 messages")]
#[case::more_outcomes_than_messages(answer(64, &[0, 128, 9]), "9 outcomes for 1 messages")]
#[case::an_outcome_of_no_kind(answer(64, &[0, 80, 1, 0, 9]), "discriminant")]
#[case::an_outcome_past_the_end_of_memory(answer(64, &[0, 0x7fff_fff0, 1]), "out of bounds")]
#[case::as_many_outcomes_as_can_be_said(answer(64, &[0, 0, u32::MAX]), "")]
#[case::a_reason_of_two_gigabytes(answer(64, &[0, 80, 1, 0, 1, 0, 0x7fff_ffff]), "out of bounds")]
#[case::a_trap("unreachable".to_owned(), "unreachable")]
#[case::silence("(loop br 0) unreachable".to_owned(), "computed for longer")]
#[tokio::test(flavor = "multi_thread")]
async fn a_message_may_have_gone_out_when_a_channel_answers_with(#[case] body: String, #[case] reason: &str) {
    let bench = bench();
    let outcomes = send(&bench, &Guest::channel().does("send", body), &["ana@example.org"]).await;
    assert!(matches!(&outcomes[..], [SendOutcome::Unknown(why)] if why.contains(reason)), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_of_a_megabyte_is_cut_to_what_a_person_reads() {
    let bench = bench();
    let outcomes = send(&bench, &Guest::channel().does("send", answer(64, &[0, 80, 1, 0, 1, 4_096, 900_000])), &["ana@example.org"]).await;
    assert!(matches!(&outcomes[..], [SendOutcome::Rejected(why)] if why.len() == 500), "{outcomes:?}");
}

#[rstest]
#[case::without_a_medium(answer(64, &[0, 900, 0, 0, 0, 0, 1, 0, 0]))]
#[case::that_takes_no_message(answer(64, &[0, 900, 3, 0, 0, 0, 0, 0, 0]))]
#[case::with_a_medium_past_the_end_of_memory(answer(64, &[0, 0x7fff_fff0, 99, 0, 0, 0, 1, 0, 0]))]
#[case::with_thousands_of_content_kinds(answer(64, &[0, 900, 3, 4_096, 5_000, 0, 1, 0, 0]))]
#[case::with_a_promise_of_no_kind(answer(64, &[0, 900, 3, 0, 0, 7, 1, 0, 0]))]
#[case::that_says_it_is_not_available(answer(64, &[1, 1, 0]))]
#[case::that_never_says_what_it_is("(loop br 0) unreachable".to_owned())]
#[tokio::test(flavor = "multi_thread")]
async fn not_installed_is_a_channel(#[case] description: String) {
    let bench = bench();
    let guest = Guest::channel().does("describe", description);
    let installed = bench.host.install(&guest.manifest(), &guest.component(), &[Capability::Mail], false).await;
    assert!(installed.is_err() && bench.host.list().is_empty() && bench.host.channel("fax").is_err());
}
