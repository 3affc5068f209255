//! What is said about one patient: facts.

use std::sync::Arc;

use gateway_domain::care_team::{CareTeam, CareTeamMember};
use gateway_domain::code::{CodeRole, Coding, SharedCodings};
use gateway_domain::date::PartialDate;
use gateway_domain::fact::{FactFlags, FactKind, ReadFact};
use gateway_domain::projection::{Projection, ReadClinical, ReadMedication};
use gateway_ports::ehr::ResourceReader;

use serde::Deserialize;

use super::claims::Claims;
use super::codes::lower;
use super::lean::{CodedExtension, Component, Concept, Lean, Period, Quantity, Reference, Stay};
use super::lenient::{Many, Number, One, Said, Text};
use super::reference::Resolved;
use super::{FhirReader, codes, medication};

/// When something began and ended.
type Span = (Option<PartialDate>, Option<PartialDate>);

impl FhirReader {
    /// The projection of a resource that is no person or organization.
    ///
    /// # Errors
    /// The reason, where a date on which decisions hang is impossible.
    pub(super) fn clinical(
        &self,
        resource_type: &str,
        id: &str,
        lean: &Lean<'_>,
        claims: &Claims,
        restricted: bool,
        piece: &mut SharedCodings,
    ) -> Result<Projection, String> {
        if resource_type == "Medication" {
            let codes = lean.code.get().map(|it| self.codes.concept(it, piece).0).unwrap_or_default();
            return Ok(Projection::Medication(Box::new(ReadMedication { reference: self.medication_code(id, None), codes })));
        }
        let Some(kind) = kind_of(resource_type) else { return Ok(Projection::Kept) };
        let (start, end) = span(resource_type, lean)?;
        let Some(negated) = negation(lean) else {
            // A modifier that is not understood may turn a statement into its opposite, so nothing is taken from it (R4, 2.4.2).
            return Ok(Projection::Clinical(ReadClinical { patient: self.patient_of(lean), facts: Vec::new(), care_team: None }));
        };
        let mut flags = self.flags(resource_type, lean, end);
        if (negated || claims.is_not_done) && !flags.intersects(FactFlags::IN_ERROR) {
            flags = (flags - FactFlags::EFFECTIVE - FactFlags::ACTIVE) | FactFlags::NOT_DONE;
        }
        flags.set(FactFlags::RESTRICTED, restricted);
        flags.set(FactFlags::OPEN_ENDED, end.is_none() && start.is_some() && is_an_open_period(resource_type, lean));
        let (mut codes, text) = self.codes_of(resource_type, lean, claims, piece);
        self.further_codes(resource_type, lean, flags, piece, &mut codes);
        let fact = ReadFact {
            part: 0,
            kind,
            text,
            codes,
            flags: flags.into(),
            start,
            end,
            value: None,
            unit: None,
            value_code: None,
            encounter: self.encounter(lean),
        };
        let patient = self.patient_of(lean);
        let facts = match resource_type {
            "Observation" => self.measured(fact, lean, claims, piece),
            "MedicationRequest" => medication::facts(&fact, lean),
            "Condition" => vec![with_age_at_onset(fact, lean)],
            _ => vec![fact],
        };
        let care_team = (resource_type == "CareTeam").then(|| Box::new(self.care_team(id, lean, flags, (start, end), piece)));
        Ok(Projection::Clinical(ReadClinical { patient, facts, care_team }))
    }

    fn patient_of(&self, lean: &Lean<'_>) -> Option<String> {
        let direct = [&lean.subject, &lean.patient, &lean.beneficiary];
        direct
            .into_iter()
            .find_map(|it| self.own("Patient", it))
            .or_else(|| lean.participant.iter().find_map(|it| self.own("Patient", &it.actor)))
            .map(str::to_owned)
    }

    fn encounter(&self, lean: &Lean<'_>) -> Option<gateway_domain::resource::ResourceKey> {
        let id = self.own("Encounter", &lean.encounter).or_else(|| self.own("Encounter", &lean.context))?;
        Some(self.key("Encounter", id))
    }

    fn flags(&self, resource_type: &str, lean: &Lean<'_>, end: Option<PartialDate>) -> FactFlags {
        let mut flags = match resource_type {
            "Condition" | "AllergyIntolerance" => self.clinical_status(resource_type, lean, end),
            "AdverseEvent" => FactFlags::ADVERSE_EVENT | self.status(resource_type, lean.actuality.get()),
            "DiagnosticReport" => FactFlags::REPORT | self.status(resource_type, lean.status.get()),
            _ => self.status(resource_type, lean.status.get()),
        };
        flags |= self.status("intent", lean.intent.get());
        if lean.do_not_perform.is_there() && !lean.do_not_perform.is("false") {
            flags = (flags - FactFlags::EFFECTIVE - FactFlags::ACTIVE) | FactFlags::NOT_DONE;
        }
        // The words of a category count where it has no code: they are not always the same.
        let uncoded = lean.category.iter().filter(|it| it.coding.iter().all(|it| it.code.get().is_none()) && it.code.get().is_none());
        for word in codes(&lean.category).chain(uncoded.filter_map(|it| it.text.get())) {
            flags |= self.words.category.get(lower(word).as_ref()).copied().unwrap_or_default();
        }
        if resource_type == "Encounter" {
            // Some have codes of their own there, and the words are what is known of them.
            let displays = lean.class.iter().flat_map(|it| it.coding.iter().map(|it| &it.display).chain([&it.display, &it.text]));
            for word in codes(&lean.class).chain(displays.filter_map(Text::get)) {
                flags |= self.words.encounter_class.get(lower(word).as_ref()).copied().unwrap_or_default();
            }
        }
        if flags.intersects(FactFlags::IN_ERROR) {
            flags -= FactFlags::EFFECTIVE | FactFlags::ACTIVE;
        }
        flags
    }

    /// A condition without a clinical status counts, and is not known to go on; an abatement ends it whatever the status says.
    fn clinical_status(&self, resource_type: &str, lean: &Lean<'_>, end: Option<PartialDate>) -> FactFlags {
        let words = |concept: &One<Concept<'_>>| -> Vec<String> {
            let Some(concept) = concept.get() else { return Vec::new() };
            let coded = concept.coding.iter().filter_map(|it| it.code.owned()).chain(concept.code.owned());
            let coded: Vec<String> = coded.collect();
            if coded.is_empty() { concept.text.owned().into_iter().collect() } else { coded }
        };
        let status = words(&lean.clinical_status);
        let mut flags: FactFlags = status.iter().map(|it| self.status(resource_type, Some(it))).collect();
        if status.is_empty() {
            flags |= FactFlags::EFFECTIVE;
        }
        flags |= words(&lean.verification_status).iter().map(|it| self.status("verification", Some(it))).collect();
        let abated = end.is_some()
            || lean.abatement_age.get().is_some()
            || lean.abatement_range == Said(true)
            || lean.abatement_string.get().is_some()
            || lean.abatement_boolean.is("true");
        if abated && resource_type == "Condition" && flags.intersects(FactFlags::EFFECTIVE) && status.is_empty() {
            flags |= FactFlags::ENDED;
        }
        flags
    }

    fn codes_of(&self, resource_type: &str, lean: &Lean<'_>, claims: &Claims, piece: &mut SharedCodings) -> codes::Said {
        let mut concept = |it: &One<Concept<'_>>| it.get().map_or_else(Default::default, |it| self.codes.concept(it, piece));
        match resource_type {
            "Immunization" => concept(&lean.vaccine_code),
            "MedicationRequest" | "MedicationStatement" => self.medication(lean, claims, piece),
            "DeviceRequest" if lean.code_codeable_concept.get().is_some() => concept(&lean.code_codeable_concept),
            "Encounter" | "Coverage" => self.codes.concepts(&lean.r#type, piece),
            "CareTeam" => self.codes.concepts(&lean.category, piece),
            "AdverseEvent" => concept(&lean.event),
            "Appointment" => {
                let (more, text) = concept(&lean.appointment_type);
                let mut found = self.codes.concepts(&lean.service_type, piece);
                found.0.extend(more);
                found.1 = found.1.or(text);
                found
            }
            _ => concept(&lean.code),
        }
    }

    /// The medication, inline or contained. One in a resource of its own is known by the server's own name for it, which a mapping can give
    /// a standard code.
    fn medication(&self, lean: &Lean<'_>, claims: &Claims, piece: &mut SharedCodings) -> codes::Said {
        let r5 = lean.medication.get();
        if let Some(concept) = lean.medication_codeable_concept.get().or_else(|| r5.and_then(|it| it.concept.get())) {
            return self.codes.concept(concept, piece);
        }
        let Some(reference) = lean.medication_reference.get().or_else(|| r5.and_then(|it| it.reference.get())) else {
            return Default::default();
        };
        let words = reference.display.owned();
        if claims.is_qi_core {
            // The public measures ask QI-Core for the medication within the request, and do not follow references (decision 0024).
            return (Vec::new(), words);
        }
        match reference.reference.get().map(|it| self.resolve(it)) {
            Some(Resolved::Contained(id)) => {
                let contained = lean.contained.iter().find(|it| it.id.get() == Some(id));
                let (found, text) = contained.and_then(|it| it.code.get()).map(|it| self.codes.concept(it, piece)).unwrap_or_default();
                (found, text.or(words))
            }
            Some(Resolved::Own { resource_type: "Medication", id }) => {
                let local = self.medication_code(id, words.clone());
                let standard = self.codes.standard(&local.system, &local.code);
                (std::iter::once(Arc::new(local)).chain(standard).collect(), words)
            }
            _ => (words.as_deref().and_then(|it| self.codes.standard("", it)).into_iter().collect(), words),
        }
    }

    /// The code of a medication that has a resource of its own: the server's own name for it.
    fn medication_code(&self, id: &str, display: Option<String>) -> Coding {
        Coding { system: format!("{}/Medication", self.base.trim_end_matches('/')), code: id.to_owned(), display }
    }

    /// Codes that say something else of a fact than what it is about.
    fn further_codes(
        &self,
        resource_type: &str,
        lean: &Lean<'_>,
        flags: FactFlags,
        piece: &mut SharedCodings,
        codes: &mut Vec<Arc<Coding>>,
    ) {
        let mut add = |role: CodeRole, found: codes::Said| codes.extend(found.0.iter().map(|it| Arc::new(role.of(it))));
        if matches!(resource_type, "Condition" | "Procedure") && lean.body_site.first().is_some() {
            add(CodeRole::BodySite, self.codes.concepts(&lean.body_site, piece));
        }
        if resource_type == "Encounter" {
            let stay = lean.hospitalization.or(lean.admission).and_then(|it| serde_json::from_str::<One<Stay<'_>>>(it.get()).ok());
            if let Some(stay) = stay.and_then(|it| it.0)
                && let Some(disposition) = stay.discharge_disposition.get()
            {
                add(CodeRole::Disposition, self.codes.concept(disposition, piece));
            }
        }
        if flags.intersects(FactFlags::NOT_DONE) {
            for reasons in [lean.reason_code, lean.status_reason].into_iter().flatten() {
                if let Ok(reasons) = serde_json::from_str::<Many<Concept<'_>>>(reasons.get()) {
                    add(CodeRole::Reason, self.codes.concepts(&reasons, piece));
                }
            }
            let extensions = lean.extension.and_then(|it| serde_json::from_str::<Many<CodedExtension<'_>>>(it.get()).ok());
            for extension in extensions.iter().flat_map(Many::iter) {
                if extension.url.get().is_some_and(|url| url.ends_with("notDoneReason"))
                    && let Some(reason) = extension.value_codeable_concept.get()
                {
                    add(CodeRole::Reason, self.codes.concept(reason, piece));
                }
            }
        }
    }

    fn care_team(&self, id: &str, lean: &Lean<'_>, flags: FactFlags, (start, end): Span, piece: &mut SharedCodings) -> CareTeam {
        let member = |reference: &Reference<'_>| match self.resolve(reference.reference.get()?) {
            Resolved::Own { resource_type, id } => Some(format!("{resource_type}/{id}")),
            _ => None,
        };
        CareTeam {
            fhir_id: id.to_owned(),
            name: lean.name.first().and_then(|it| it.text.owned()).or_else(|| self.codes.concepts(&lean.category, piece).1),
            active: flags.intersects(FactFlags::ACTIVE),
            start,
            end,
            members: lean
                .participant
                .iter()
                .map(|it| CareTeamMember {
                    role: self.codes.concepts(&it.role, piece).1,
                    reference: it.member.get().and_then(member),
                    name: it.member.get().and_then(|it| it.display.owned()),
                })
                .collect(),
        }
    }

    /// An observation and its components as facts.
    fn measured(&self, mut fact: ReadFact, lean: &Lean<'_>, claims: &Claims, piece: &mut SharedCodings) -> Vec<ReadFact> {
        let vital_signs = self.vital_signs.of(claims, &fact.codes);
        fact.codes.extend(vital_signs.iter().cloned());
        let mut facts = Vec::with_capacity(1 + lean.component.iter().len());
        for (part, component) in (1..=u16::MAX).zip(lean.component.iter()) {
            let Some(concept) = component.code.get().filter(|_| component.modifier_extension == Said(false)) else { continue };
            let (mut codes, text) = self.codes.concept(concept, piece);
            codes.extend(vital_signs.iter().cloned());
            let mut of_it = ReadFact { part, codes, text, ..fact.clone() };
            self.answer(&mut of_it, component.into(), piece);
            facts.push(of_it);
        }
        facts.insert(0, fact);
        if let Some(fact) = facts.first_mut() {
            self.answer(fact, lean.into(), piece);
        }
        facts
    }

    fn answer(&self, fact: &mut ReadFact, said: Answer<'_, '_>, piece: &mut SharedCodings) {
        if let Some(quantity) = said.quantity.get() {
            fact.value = quantity.value.0;
            fact.unit = self
                .codes
                .coding(&quantity.system, &quantity.code, &quantity.unit, piece)
                .or_else(|| piece.of(None, quantity.unit.get()?, None, || quantity.unit.get().map(|unit| Coding::new("", unit))));
        } else {
            let number = |text: &Text<'_>| text.get().and_then(|it| it.parse::<f64>().ok()).filter(|it| it.is_finite());
            fact.value = said.integer.0.or_else(|| number(said.string));
        }
        if let Some(concept) = said.concept.get() {
            let (codes, text) = self.codes.concept(concept, piece);
            let words = |it: String| Arc::new(Coding { system: String::new(), code: it.clone(), display: Some(it) });
            let mut codes = codes.into_iter();
            fact.value_code = codes.next().or_else(|| text.map(words));
            fact.codes.extend(codes.map(|it| Arc::new(CodeRole::Answer.of(&it))));
        }
        let has_value = fact.value.is_some() || fact.value_code.is_some() || said.string.get().is_some() || said.otherwise;
        if has_value {
            fact.flags = (FactFlags::from(fact.flags) | FactFlags::HAS_VALUE).into();
        }
    }
}

/// What an observation or a component of it was found to be.
#[derive(Clone, Copy)]
struct Answer<'l, 'a> {
    quantity: &'l One<Quantity<'a>>,
    concept: &'l One<Concept<'a>>,
    integer: Number,
    string: &'l Text<'a>,
    /// Whether there is a value of a kind that is not kept.
    otherwise: bool,
}

impl<'l, 'a> From<&'l Lean<'a>> for Answer<'l, 'a> {
    fn from(it: &'l Lean<'a>) -> Self {
        let others = [it.value_boolean, it.value_date_time, it.value_time, it.value_period, it.value_range, it.value_ratio];
        let otherwise = others.contains(&Said(true));
        Self {
            quantity: &it.value_quantity,
            concept: &it.value_codeable_concept,
            integer: it.value_integer,
            string: &it.value_string,
            otherwise,
        }
    }
}

impl<'l, 'a> From<&'l Component<'a>> for Answer<'l, 'a> {
    fn from(it: &'l Component<'a>) -> Self {
        Self {
            quantity: &it.value_quantity,
            concept: &it.value_codeable_concept,
            integer: it.value_integer,
            string: &it.value_string,
            otherwise: false,
        }
    }
}

/// Whether a resource is said to be the opposite by a modifier that is understood; `None` where one is not.
fn negation(lean: &Lean<'_>) -> Option<bool> {
    if lean.implicit_rules != Said(false) {
        return None;
    }
    let mut negated = false;
    for modifier in lean.modifier_extension.iter() {
        // Written without an `r` in some of the official examples.
        let known = modifier.url.get().is_some_and(|url| url.ends_with("oNotPerform") || url.ends_with("oNotPeform"));
        if !known || !(modifier.value_boolean.is("true") || modifier.value_boolean.is("false")) {
            return None;
        }
        negated |= modifier.value_boolean.is("true");
    }
    Some(negated)
}

/// Whether the time of something that happens is given as a period.
fn is_an_open_period(resource_type: &str, lean: &Lean<'_>) -> bool {
    let (moment, period) = match resource_type {
        "Observation" | "DiagnosticReport" | "MedicationStatement" => (&lean.effective_date_time, &lean.effective_period),
        "Procedure" => (&lean.performed_date_time, &lean.performed_period),
        "AllergyIntolerance" => (&lean.onset_date_time, &lean.onset_period),
        _ => return false,
    };
    moment.get().is_none() && period.get().is_some_and(|it| it.start.get().is_some())
}

/// A condition of whose beginning the age is known has it as its value, in years.
fn with_age_at_onset(mut fact: ReadFact, lean: &Lean<'_>) -> ReadFact {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Range<'a> {
        #[serde(borrow)]
        low: One<Quantity<'a>>,
    }
    if fact.start.is_some() {
        return fact;
    }
    let range = lean.onset_range.and_then(|it| serde_json::from_str::<Range<'_>>(it.get()).ok()).unwrap_or_default();
    let age = lean.onset_age.get().or_else(|| range.low.get());
    let years = age.and_then(|age| {
        let of_a_year = match age.code.get().or_else(|| age.unit.get())? {
            "a" | "year" | "years" | "yr" => 1.0,
            "mo" | "month" | "months" => 12.0,
            "wk" | "week" | "weeks" => 52.0,
            "d" | "day" | "days" => 365.25,
            _ => return None,
        };
        age.value.0.map(|value| value / of_a_year)
    });
    fact.value = years.filter(|years| (0.0..=200.0).contains(years));
    fact
}

fn kind_of(resource_type: &str) -> Option<FactKind> {
    Some(match resource_type {
        "Condition" => FactKind::Condition,
        "MedicationRequest" | "MedicationStatement" => FactKind::Medication,
        // An adverse event says what is not tolerated as an allergy does.
        "AllergyIntolerance" | "AdverseEvent" => FactKind::Allergy,
        "Immunization" => FactKind::Immunization,
        "Procedure" => FactKind::Procedure,
        // A report closes a gap as well as the observations in it: many servers have mammograms only as reports.
        "Observation" | "DiagnosticReport" => FactKind::Observation,
        "Encounter" => FactKind::Encounter,
        "ServiceRequest" | "DeviceRequest" => FactKind::Order,
        "Coverage" => FactKind::Coverage,
        "Appointment" => FactKind::Appointment,
        "CareTeam" => FactKind::CareTeam,
        _ => return None,
    })
}

/// When it began and ended, from the element each type has for it.
fn span(resource_type: &str, lean: &Lean<'_>) -> Result<Span, String> {
    let at = |text: &Text<'_>, name: &str| date(text, name).map(|it| (it, None));
    let of = |period: &One<Period<'_>>, name: &str| period.get().map_or(Ok((None, None)), |it| span_of(it, name));
    let first = |candidates: [Result<Span, String>; 3]| -> Result<Span, String> {
        let mut found = (None, None);
        for candidate in candidates {
            let candidate = candidate?;
            if found == (None, None) {
                found = candidate;
            }
        }
        Ok(found)
    };
    match resource_type {
        "Condition" | "AllergyIntolerance" => {
            let (start, _) =
                first([at(&lean.onset_date_time, "onset"), of(&lean.onset_period, "onset"), at(&lean.recorded_date, "recordedDate")])?;
            let end = match date(&lean.abatement_date_time, "abatement")? {
                Some(end) => Some(end),
                None => of(&lean.abatement_period, "abatement").map(|(start, end)| end.or(start))?,
            };
            Ok((start, end))
        }
        "MedicationRequest" | "ServiceRequest" | "DeviceRequest" => at(&lean.authored_on, "authoredOn"),
        "MedicationStatement" => first([
            at(&lean.effective_date_time, "effective"),
            of(&lean.effective_period, "effective"),
            at(&lean.date_asserted, "dateAsserted"),
        ]),
        "Immunization" => at(&lean.occurrence_date_time, "occurrence"),
        "Procedure" => first([
            at(&lean.performed_date_time, "performed"),
            of(&lean.performed_period, "performed"),
            // R5 renamed it.
            at(&lean.occurrence_date_time, "occurrence")
                .and_then(|it| if it.0.is_some() { Ok(it) } else { of(&lean.occurrence_period, "occurrence") }),
        ]),
        // What was not done has no time at which it was; it was said at one.
        "Observation" if lean.status.is("cancelled") && lean.issued.get().is_some() => at(&lean.issued, "issued"),
        "AdverseEvent" => first([at(&lean.recorded_date, "recordedDate"), at(&lean.date, "date"), Ok((None, None))]),
        "Observation" | "DiagnosticReport" => first([
            at(&lean.effective_date_time, "effective"),
            of(&lean.effective_period, "effective"),
            at(&lean.effective_instant, "effective"),
        ]),
        "Encounter" => first([of(&lean.period, "period"), of(&lean.actual_period, "actualPeriod"), Ok((None, None))]),
        "Appointment" => Ok((date(&lean.start, "start")?, date(&lean.end, "end")?)),
        _ => of(&lean.period, "period"),
    }
}

fn span_of(period: &Period<'_>, name: &str) -> Result<Span, String> {
    Ok((date(&period.start, name)?, date(&period.end, name)?))
}

fn date(text: &Text<'_>, name: &str) -> Result<Option<PartialDate>, String> {
    match text.get() {
        Some(text) => PartialDate::parse(text).map(Some).ok_or_else(|| format!("its {name} is an impossible date")),
        None => Ok(None),
    }
}
