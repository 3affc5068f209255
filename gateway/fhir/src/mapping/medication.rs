//! The facts of a prescription: the order itself, and the time for which the medication is to be taken.

use gateway_domain::date::{PartialDate, Precision};
use gateway_domain::fact::{FactFlags, FactKind, ReadFact};
use jiff::ToSpan;
use jiff::civil::Date;

use super::lean::{Dispense, Dosage, Lean, Period, Quantity, Repeat};
use super::lenient::{Many, One, Text};

/// The facts of a `MedicationRequest` that was authored when `order` starts: part 0 is the time it is to be taken for, as its supply or its
/// dosage gives it; part 1 the order; from part 2 on the times its dosages are bounded to.
pub(super) fn facts(order: &ReadFact, lean: &Lean<'_>) -> Vec<ReadFact> {
    let dosages = lean.dosage_instruction.and_then(|it| serde_json::from_str::<Many<Dosage<'_>>>(it.get()).ok()).unwrap_or_default();
    let dispense = lean.dispense_request.and_then(|it| serde_json::from_str::<One<Dispense<'_>>>(it.get()).ok()).and_then(|it| it.0);
    let dispense = dispense.unwrap_or_default();
    let mut medication = order.clone();
    (medication.start, medication.end) = period(order.start, &dosages, &dispense);
    let bounded = dosages.iter().filter_map(|dosage| {
        let bounds = dosage.timing.get()?.repeat.get()?.bounds_period.get()?;
        let (start, end) = span(bounds);
        start.or(end)?;
        let mut flags = FactFlags::from(order.flags) | FactFlags::DOSAGE;
        flags.set(FactFlags::OPEN_ENDED, end.is_none());
        Some(ReadFact { start, end, flags: flags.into(), ..order.clone() })
    });
    let mut facts = vec![medication, ReadFact { part: 1, kind: FactKind::Order, ..order.clone() }];
    facts.extend((2..=u16::MAX).zip(bounded).map(|(part, fact)| ReadFact { part, ..fact }));
    facts
}

type Span = (Option<PartialDate>, Option<PartialDate>);

fn span(period: &Period<'_>) -> Span {
    let date = |text: &Text<'_>| text.get().and_then(PartialDate::parse);
    (date(&period.start), date(&period.end))
}

/// From when to when a medication is to be taken (`medicationRequestPeriod` of the public library CumulativeMedicationDuration): days from
/// the first of the dosage's start, the day it was authored, and the day from which it may be dispensed. Without days of supply it ends with
/// the dosage's bounds, and without those nobody knows when.
fn period(authored: Option<PartialDate>, dosages: &Many<Dosage<'_>>, dispense: &Dispense<'_>) -> Span {
    let mut each = dosages.iter();
    let dosage = each.next().filter(|_| each.next().is_none());
    let repeat = dosage.and_then(|it| it.timing.get()).and_then(|it| it.repeat.get());
    let bounds = repeat.and_then(|it| it.bounds_period.get()).map(span).unwrap_or_default();
    let valid = dispense.validity_period.get().map(span).unwrap_or_default();
    let start = bounds.0.or(authored).or(valid.0).map(day_of);
    let refills = dispense.number_of_repeats_allowed.0.unwrap_or(0.0).max(0.0);
    let days = dispense.expected_supply_duration.get().and_then(days_of).or_else(|| days_by_dose(dosage?, repeat?, dispense));
    let end = match (start.filter(|it| it.precision == Precision::Day), days.map(|days| days * (1.0 + refills))) {
        (Some(start), Some(days)) if days >= 1.0 => after(start.first_day(), days - 1.0).map(PartialDate::day),
        _ => bounds.1.map(day_of),
    };
    (start, end)
}

/// The calendar day of a date that has one.
fn day_of(date: PartialDate) -> PartialDate {
    if date.precision == Precision::Instant { PartialDate::day(date.first_day()) } else { date }
}

fn after(start: Date, days: f64) -> Option<Date> {
    if !(0.0..=100_000.0).contains(&days) {
        return None;
    }
    start.checked_add((days.trunc() as i64).days()).ok()
}

fn days_of(duration: &Quantity<'_>) -> Option<f64> {
    let of_a_day = match duration.code.get().or_else(|| duration.unit.get()).unwrap_or("d") {
        "d" | "day" | "days" => 1.0,
        "wk" | "week" | "weeks" => 7.0,
        "mo" | "month" | "months" => 30.0,
        "a" | "year" | "years" => 365.0,
        "h" | "hour" | "hours" => 1.0 / 24.0,
        _ => return None,
    };
    duration.value.0.map(|value| value * of_a_day).filter(|days| *days > 0.0)
}

/// How many days the quantity lasts at its dose, where dose and frequency are stated once.
fn days_by_dose(dosage: &Dosage<'_>, repeat: &Repeat<'_>, dispense: &Dispense<'_>) -> Option<f64> {
    let mut doses = dosage.dose_and_rate.iter();
    let dose = doses.next().filter(|_| doses.next().is_none())?;
    let dose = dose.dose_range.get().and_then(|it| it.high.get()).or_else(|| dose.dose_quantity.get())?.value.0?;
    let per_period = repeat.frequency_max.0.or(repeat.frequency.0);
    let period = repeat.period.0.zip(repeat.period_unit.get()).and_then(|(value, unit)| {
        let days = match unit {
            "s" => 1.0 / 86_400.0,
            "min" => 1.0 / 1_440.0,
            "h" => 1.0 / 24.0,
            "d" => 1.0,
            "wk" => 7.0,
            "mo" => 30.0,
            "a" => 365.0,
            _ => return None,
        };
        Some(value * days)
    });
    let a_day = per_period.zip(period).map_or(repeat.time_of_day.iter().len() as f64, |(times, days)| times / days);
    let taken = dose * a_day;
    let quantity = dispense.quantity.get()?.value.0?;
    (taken.is_finite() && taken > 0.0).then(|| quantity / taken)
}
