use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn record(no: i64, source: i64) -> IdentityRecord {
    IdentityRecord {
        no: PatientNo(no),
        source: SourceNo(source),
        fhir_id: format!("p{no}"),
        rank: u32::try_from(source).unwrap(),
        status: RecordStatus::Active,
        links: Vec::new(),
        birth: None,
        sex: Sex::Unknown,
        identifiers: BTreeSet::new(),
    }
}

fn replaced_by(no: i64, other: i64) -> IdentityRecord {
    let link = RecordLink { kind: LinkKind::ReplacedBy, other: Some(format!("p{other}")) };
    IdentityRecord { status: RecordStatus::Merged, links: vec![link], ..record(no, 1) }
}

fn replaces(no: i64, other: i64) -> IdentityRecord {
    IdentityRecord { links: vec![RecordLink { kind: LinkKind::Replaces, other: Some(format!("p{other}")) }], ..record(no, 1) }
}

fn with(mut record: IdentityRecord, system: &str, value: &str) -> IdentityRecord {
    record.identifiers.insert((system.into(), value.into()));
    record
}

fn resolved(records: &[IdentityRecord]) -> Resolution {
    resolve(records, &BTreeMap::new())
}

/// Each cluster as its records, the one that is written to, and the trouble.
fn clusters(resolution: &Resolution) -> Vec<(Vec<i64>, Option<i64>, Option<Trouble>)> {
    let numbers = |cluster: &Cluster| cluster.records.iter().map(|no| no.0).collect();
    resolution.clusters.iter().map(|cluster| (numbers(cluster), cluster.primary.map(|no| no.0), cluster.trouble)).collect()
}

#[test]
fn a_record_alone_is_no_cluster() {
    assert_eq!(resolved(&[record(1, 1), record(2, 1)]), Resolution::default());
}

#[test]
fn a_chain_of_merges_ends_at_the_survivor() {
    let found = resolved(&[replaced_by(1, 2), replaced_by(2, 3), record(3, 1)]);
    assert_eq!(clusters(&found), [(vec![1, 2, 3], Some(3), None)]);
    assert!(found.questions.is_empty());
}

#[test]
fn the_survivors_word_is_enough() {
    assert_eq!(clusters(&resolved(&[record(1, 1), replaces(2, 1)])), [(vec![1, 2], Some(2), None)]);
}

#[test]
fn a_circle_of_merges_silences_all_of_it() {
    let found = resolved(&[replaces(1, 2), replaces(2, 1), replaced_by(3, 1)]);
    assert_eq!(clusters(&found), [(vec![1, 2, 3], None, Some(Trouble::MergeLoop))]);
    assert_eq!(found.questions.len(), 1);
    let alone = resolved(&[replaced_by(1, 1)]);
    assert!(alone.clusters.is_empty() && alone.questions.len() == 1);
}

#[test]
fn a_survivor_the_source_never_showed_silences_the_rest() {
    let linked = vec![with(replaced_by(1, 9), "mrn", "7"), with(record(2, 2), "mrn", "7")];
    assert_eq!(clusters(&resolved(&linked)), [(vec![1, 2], None, Some(Trouble::SurvivorMissing))]);
    let mut referenced = record(9, 1);
    referenced.status = RecordStatus::Referenced;
    let found = resolved(&[replaced_by(1, 9), referenced]);
    assert!(found.clusters.is_empty());
    assert_eq!(found.questions.iter().map(|question| question.kind).collect::<Vec<_>>(), [QuestionKind::SurvivorMissing]);
}

#[test]
fn a_record_merged_into_two_silences_both() {
    let mut split = replaced_by(1, 2);
    split.links.push(RecordLink { kind: LinkKind::ReplacedBy, other: Some("p3".into()) });
    let found = resolved(&[split, record(2, 1), record(3, 1)]);
    assert_eq!(clusters(&found), [(vec![1, 2, 3], None, Some(Trouble::SeveralSurvivors))]);
}

#[rstest]
#[case::inactive(RecordStatus::Inactive)]
#[case::deleted(RecordStatus::Deleted)]
fn a_survivor_out_of_use_is_not_written_to(#[case] status: RecordStatus) {
    let survivor = IdentityRecord { status, ..record(2, 1) };
    assert_eq!(clusters(&resolved(&[replaced_by(1, 2), survivor])), [(vec![1, 2], None, None)]);
}

#[test]
fn sources_are_linked_by_a_trusted_identifier_and_the_first_is_written_to() {
    let records = [with(record(1, 2), "mrn", "7"), with(record(2, 1), "mrn", "7"), with(record(3, 1), "mrn", "8")];
    let found = resolved(&records);
    assert_eq!(clusters(&found), [(vec![1, 2], Some(2), None)]);
    assert_eq!(found.links[&(PatientNo(1), PatientNo(2))], BTreeSet::from([LinkReason::Identifier("mrn".into())]));
}

#[test]
fn a_record_out_of_use_does_not_silence_another_sources() {
    let inactive = IdentityRecord { status: RecordStatus::Inactive, ..with(record(1, 1), "mrn", "7") };
    assert_eq!(clusters(&resolved(&[inactive, with(record(2, 2), "mrn", "7")])), [(vec![1, 2], Some(2), None)]);
}

#[rstest]
#[case::birth(|one: &mut IdentityRecord, other: &mut IdentityRecord| {
    one.birth = PartialDate::parse("1965-04-01");
    other.birth = PartialDate::parse("1965-04-02");
}, QuestionKind::BirthDiffers)]
#[case::sex(|one: &mut IdentityRecord, other: &mut IdentityRecord| {
    one.sex = Sex::Female;
    other.sex = Sex::Male;
}, QuestionKind::SexDiffers)]
#[case::identifier(|one: &mut IdentityRecord, other: &mut IdentityRecord| {
    one.identifiers.insert(("ssn".into(), "1".into()));
    other.identifiers.insert(("ssn".into(), "2".into()));
}, QuestionKind::IdentifiersDiffer)]
#[case::several(|one: &mut IdentityRecord, _: &mut IdentityRecord| {
    one.identifiers.insert(("mrn".into(), "8".into()));
}, QuestionKind::SeveralValues)]
#[case::one_source(|one: &mut IdentityRecord, _: &mut IdentityRecord| one.source = SourceNo(2), QuestionKind::OneSource)]
fn what_differs_is_asked_and_not_linked(#[case] change: fn(&mut IdentityRecord, &mut IdentityRecord), #[case] kind: QuestionKind) {
    let (mut one, mut other) = (with(record(1, 1), "mrn", "7"), with(record(2, 2), "mrn", "7"));
    change(&mut one, &mut other);
    let found = resolved(&[one.clone(), other.clone()]);
    assert!(found.clusters.is_empty());
    assert_eq!(found.questions.iter().map(|question| question.kind).collect::<Vec<_>>(), [kind]);
    let linked = resolve(&[one, other], &BTreeMap::from([((PatientNo(1), PatientNo(2)), StaffDecision::Same)]));
    assert_eq!(clusters(&linked), [(vec![1, 2], Some(1), None)], "staff knows better");
}

#[test]
fn a_vague_birth_date_does_not_contradict() {
    let (mut one, mut other) = (with(record(1, 1), "mrn", "7"), with(record(2, 2), "mrn", "7"));
    one.birth = PartialDate::parse("1965");
    other.birth = PartialDate::parse("1965-04-02");
    assert_eq!(clusters(&resolved(&[one, other])), [(vec![1, 2], Some(1), None)]);
}

#[test]
fn an_unlinking_is_remembered_and_reversible() {
    let records = [with(record(1, 1), "mrn", "7"), with(record(2, 2), "mrn", "7")];
    let before = resolved(&records);
    let apart = resolve(&records, &BTreeMap::from([((PatientNo(1), PatientNo(2)), StaffDecision::Different)]));
    assert!(apart.clusters.is_empty() && apart.questions.is_empty());
    assert_eq!(resolved(&records), before);
}

#[test]
fn staff_can_not_undo_what_a_source_merged() {
    let decided = BTreeMap::from([((PatientNo(1), PatientNo(2)), StaffDecision::Different)]);
    assert_eq!(clusters(&resolve(&[replaced_by(1, 2), record(2, 1)], &decided)), [(vec![1, 2], Some(2), None)]);
}

#[test]
fn a_record_made_anew_takes_over_from_the_deleted_one() {
    let deleted = IdentityRecord { status: RecordStatus::Deleted, ..with(record(1, 1), "mrn", "7") };
    assert_eq!(clusters(&resolved(&[deleted, with(record(2, 1), "mrn", "7")])), [(vec![1, 2], Some(2), None)]);
}

#[test]
fn a_value_everybody_has_links_nobody() {
    let records: Vec<_> = (1..=9).map(|no| with(record(no, no), "mrn", "7")).collect();
    let found = resolved(&records);
    assert!(found.clusters.is_empty());
    assert_eq!(found.questions.iter().map(|question| question.kind).collect::<Vec<_>>(), [QuestionKind::ManyHolders]);
}

#[rstest]
#[case("http://hl7.org/fhir/sid/us-ssn", "  123-45-6789 ", Some("123456789"))]
#[case("mrn", "  12-3 ", Some("12-3"))]
#[case("mrn", "000-00-0000", None)]
#[case("mrn", " ", None)]
#[case("other", "1", None)]
fn only_a_value_that_says_something_links(#[case] system: &str, #[case] value: &str, #[case] expected: Option<&str>) {
    let rules = IdentityRules { systems: vec!["mrn".into(), "http://hl7.org/fhir/sid/us-ssn".into()], order: Vec::new() };
    let identifiers = [Identifier { system: system.into(), value: value.into() }];
    let expected = expected.map(|value| (system.to_owned(), value.to_owned()));
    assert_eq!(rules.linking(&identifiers).into_iter().next(), expected);
}

fn any_status() -> impl Strategy<Value = RecordStatus> {
    prop_oneof![4 => Just(RecordStatus::Active), 1 => Just(RecordStatus::Inactive), 1 => Just(RecordStatus::Deleted), 1 => Just(RecordStatus::Referenced)]
}

fn any_record(no: i64) -> impl Strategy<Value = IdentityRecord> {
    let link = (any::<bool>(), proptest::option::weighted(0.9, 0_i64..14));
    let said = (proptest::option::weighted(0.3, 1960_i16..1962), 0_u8..4, proptest::collection::vec((0..2_usize, 0..5_u8), 0..2));
    (1_i64..4, any_status(), proptest::collection::vec(link, 0..2), said).prop_map(
        move |(source, status, links, (year, sex, identifiers))| {
            let links: Vec<RecordLink> = links
                .into_iter()
                .map(|(by, other)| RecordLink {
                    kind: if by { LinkKind::ReplacedBy } else { LinkKind::Replaces },
                    other: other.map(|other| format!("p{other}")),
                })
                .collect();
            let merged = links.iter().any(|link| link.kind == LinkKind::ReplacedBy);
            IdentityRecord {
                status: if merged { RecordStatus::Merged } else { status },
                links,
                birth: year.and_then(|year| PartialDate::parse(&year.to_string())),
                sex: Sex::from_number(sex % 3),
                identifiers: identifiers
                    .into_iter()
                    .map(|(system, value)| (["mrn", "ssn"][system].to_owned(), value.to_string()))
                    .collect(),
                ..record(no, source)
            }
        },
    )
}

fn any_records() -> impl Strategy<Value = (Vec<IdentityRecord>, BTreeMap<Pair, StaffDecision>)> {
    let records: Vec<_> = (0..14).map(any_record).collect();
    let decision = (0_i64..14, 0_i64..14, any::<bool>());
    (records, proptest::collection::vec(decision, 0..4)).prop_map(|(records, decisions)| {
        let decisions = decisions
            .into_iter()
            .filter(|(one, other, _)| one != other)
            .map(|(one, other, same)| {
                let decision = if same { StaffDecision::Same } else { StaffDecision::Different };
                (pair(PatientNo(one), PatientNo(other)), decision)
            })
            .collect();
        (records, decisions)
    })
}

/// All records that hang together with one by a link, an identifier or a decision.
fn together(records: &[IdentityRecord], decisions: &BTreeMap<Pair, StaffDecision>, first: usize) -> BTreeSet<usize> {
    let touch = |one: &IdentityRecord, other: &IdentityRecord| {
        let links = |from: &IdentityRecord, to: &IdentityRecord| {
            from.source == to.source && from.links.iter().any(|link| link.other.as_deref() == Some(to.fhir_id.as_str()))
        };
        links(one, other)
            || links(other, one)
            || !one.identifiers.is_disjoint(&other.identifiers)
            || decisions.contains_key(&pair(one.no, other.no))
    };
    let mut found = BTreeSet::from([first]);
    loop {
        let more: Vec<usize> = (0..records.len())
            .filter(|place| !found.contains(place) && found.iter().any(|known| touch(&records[*known], &records[*place])))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

proptest! {
    #[test]
    fn the_order_of_arrival_makes_no_difference((records, decisions) in any_records(), seed in any::<u64>()) {
        let before = resolve(&records, &decisions);
        let mut shuffled = records;
        let mut state = seed | 1;
        for place in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(place, (state >> 33) as usize % (place + 1));
        }
        shuffled.extend(shuffled.clone());
        prop_assert_eq!(resolve(&shuffled, &decisions), before);
    }

    #[test]
    fn a_part_that_hangs_together_is_resolved_as_the_whole((records, decisions) in any_records(), first in 0_usize..14) {
        let whole = resolve(&records, &decisions);
        let places = together(&records, &decisions, first);
        let part: Vec<_> = places.iter().map(|place| records[*place].clone()).collect();
        let numbers: BTreeSet<PatientNo> = part.iter().map(|record| record.no).collect();
        let expected: Vec<_> = whole.clusters.iter().filter(|cluster| numbers.contains(&cluster.records[0])).cloned().collect();
        let found = resolve(&part, &decisions);
        prop_assert_eq!(found.clusters, expected);
        let asked: BTreeSet<_> = whole.questions.into_iter().filter(|question| numbers.contains(&question.pair.0)).collect();
        prop_assert_eq!(found.questions, asked);
    }

    #[test]
    fn only_a_record_in_use_that_nobody_replaces_is_written_to((records, decisions) in any_records()) {
        let found = resolve(&records, &decisions);
        let mut seen = BTreeSet::new();
        for cluster in &found.clusters {
            prop_assert!(cluster.records.len() > 1 && cluster.records.iter().all(|no| seen.insert(*no)));
            let of = |no: &PatientNo| records.iter().find(|record| record.no == *no).unwrap();
            if let Some(primary) = cluster.primary {
                prop_assert!(cluster.trouble.is_none() && cluster.records.contains(&primary));
                prop_assert_eq!(of(&primary).status, RecordStatus::Active);
                for other in cluster.records.iter().map(of).filter(|other| other.source == of(&primary).source) {
                    let link = RecordLink { kind: LinkKind::Replaces, other: Some(of(&primary).fhir_id.clone()) };
                    prop_assert!(!other.links.contains(&link) || other.no == primary);
                }
            }
        }
    }

    #[test]
    fn a_merge_that_is_taken_back_leaves_no_trace((records, decisions) in any_records(), from in 0_usize..14, to in 0_usize..14) {
        let before = resolve(&records, &decisions);
        let mut merged = records.clone();
        merged[from].links.push(RecordLink { kind: LinkKind::ReplacedBy, other: Some(format!("p{to}")) });
        merged[from].status = RecordStatus::Merged;
        resolve(&merged, &decisions);
        merged[from] = records[from].clone();
        prop_assert_eq!(resolve(&merged, &decisions), before);
    }
}
