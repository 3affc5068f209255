//! Illness: what lasts, what passes, what was operated, and what is taken against it.

use jiff::{ToSpan, civil::Date};

use super::{
    super::codes::{
        ACUTE, ALLERGENS, APPENDECTOMY, APPENDICITIS, CHRONIC, CLINIC_VISIT, CORONARY_DISEASE, CORONARY_STENT, Code, Drug, EMERGENCY_VISIT,
        KNEE_ARTHROSIS, KNEE_REPLACEMENT, MASTECTOMY, NO_BREASTS, PALLIATIVE, PREGNANCY, Who,
    },
    Allergy, Condition, Course, Encounter, Life, Medication, Procedure, Setting,
};

impl Course<'_> {
    fn concerns(&self, who: Who) -> bool {
        match who {
            Who::Anyone => true,
            Who::Women => self.person.female,
            Who::Men => !self.person.female,
        }
    }

    pub(super) fn allergies(&self, life: &mut Life) {
        let mut draw = self.draw("allergies");
        for allergen in ALLERGENS {
            let since = self.before_limit(draw.between(100, 4_000)).max(self.person.birth.saturating_add(90.days()));
            if draw.chance(28) && self.within(since) {
                life.allergies.push(Allergy { allergen, since });
            }
        }
    }

    /// Conditions that stay, and the visits in between that they need.
    pub(super) fn chronic_illness(&self, life: &mut Life) {
        let mut draw = self.draw("chronic");
        let band = match self.age {
            0..=39 => 0,
            40..=54 => 1,
            55..=69 => 2,
            _ => 3,
        };
        for chronic in CHRONIC {
            let has_it = draw.chance(chronic.share.get(band).copied().unwrap_or(0));
            let back = draw.between(60, 5_000);
            let earliest = self.birthday(chronic.from_age);
            let onset = self.before_limit(back).max(earliest);
            if has_it && self.concerns(chronic.who) && self.within(onset) && onset < self.limit {
                life.conditions.push(Condition { code: chronic.code, onset, abatement: None, lasting: true, encounter: None });
            }
        }
        for half_year in 0..8 {
            let day = self.before_limit(draw.between(20, 140) + half_year * 182);
            let come = draw.chance(620);
            let by_video = draw.chance(150);
            let Some(reason) = life
                .conditions
                .iter()
                .find(|condition| condition.onset <= day && condition.code.code.starts_with(['E', 'F', 'I', 'J', 'C']))
                .map(|condition| condition.code)
            else {
                continue;
            };
            if come && self.within(day) {
                life.visit(Encounter {
                    day,
                    setting: if by_video { Setting::Virtual } else { Setting::Ambulatory },
                    kind: Some(CLINIC_VISIT),
                    title: "Follow-up visit",
                    reason: Some(reason),
                    days: 0,
                });
            }
        }
    }

    /// Illnesses that pass, each with its visit and, where it needs one, a short prescription.
    pub(super) fn acute_illness(&self, life: &mut Life) {
        let mut draw = self.draw("acute");
        for _ in 0..draw.below(4) {
            let day = self.before_limit(draw.between(3, 1_500));
            let Some(acute) = draw.pick(ACUTE) else { continue };
            let emergency = draw.chance(150);
            let age = self.person.age_on(day);
            if !self.within(day) || !self.concerns(acute.who) || age < acute.ages.0 || age > acute.ages.1 {
                continue;
            }
            let encounter = life.visit(Encounter {
                day,
                setting: if emergency { Setting::Emergency } else { Setting::Ambulatory },
                kind: Some(if emergency { EMERGENCY_VISIT } else { CLINIC_VISIT }),
                title: if emergency { "Emergency department visit" } else { "Office visit" },
                reason: Some(acute.code),
                days: 0,
            });
            let over = day.saturating_add(acute.days.days());
            life.conditions.push(Condition {
                code: acute.code,
                onset: day,
                abatement: Some(over.min(self.limit)),
                lasting: false,
                encounter: Some(encounter),
            });
            let reason = life.conditions.len() - 1;
            if let Some(drug) = acute.drug.as_ref().filter(|drug| tolerates(life, drug)) {
                let status = match (over <= self.limit, self.person.death()) {
                    (true, _) => "completed",
                    (false, Some(_)) => "stopped",
                    (false, None) => "active",
                };
                life.medications.push(Medication { drug, reason, authored: day, status, encounter: Some(encounter) });
            }
        }
    }

    pub(super) fn surgery(&self, life: &mut Life) {
        let mut draw = self.draw("surgery");
        let chances: [(&str, Code, u32); 2] = [(KNEE_ARTHROSIS, KNEE_REPLACEMENT, 110), (CORONARY_DISEASE, CORONARY_STENT, 300)];
        for (condition, procedure, permille) in chances {
            let done = draw.chance(permille);
            let later = draw.between(20, 700);
            let Some((reason, onset)) = life.condition(condition).and_then(|at| life.conditions.get(at).map(|found| (at, found.onset)))
            else {
                continue;
            };
            let day = onset.saturating_add(later.days());
            if done && self.within(day) {
                self.operation(life, procedure, day, Some(reason), 2);
            }
        }
        let day = self.before_limit(draw.between(30, 3_500));
        if draw.chance(15) && self.within(day) && self.person.age_on(day) >= 8 {
            life.conditions.push(Condition {
                code: APPENDICITIS,
                onset: day,
                abatement: Some(day.saturating_add(14.days()).min(self.limit)),
                lasting: false,
                encounter: None,
            });
            let reason = life.conditions.len() - 1;
            self.operation(life, APPENDECTOMY, day, Some(reason), 1);
        }
        let cancer = life.condition("C50.911").and_then(|at| life.conditions.get(at).map(|found| (at, found.onset)));
        let removed = draw.chance(if cancer.is_some() { 120 } else { 6 });
        let day = cancer.map_or(self.before_limit(draw.between(200, 4_000)), |(_, onset)| onset.saturating_add(40.days()));
        if removed && self.person.female && self.within(day) && self.person.age_on(day) >= 35 {
            life.conditions.push(Condition { code: NO_BREASTS, onset: day, abatement: None, lasting: true, encounter: None });
            self.operation(life, MASTECTOMY, day, cancer.map(|(at, _)| at), 3);
        }
    }

    fn operation(&self, life: &mut Life, code: Code, day: Date, reason: Option<usize>, days: i64) {
        let why = reason.and_then(|at| life.conditions.get(at)).map(|condition| condition.code);
        let stay = self.limit.since(day).map_or(0, |span| i64::from(span.get_days())).clamp(0, days);
        let encounter = life.visit(Encounter {
            day,
            setting: Setting::Inpatient,
            kind: None,
            title: "Hospital stay for surgery",
            reason: why,
            days: stay,
        });
        life.procedures.push(Procedure { code, day, reason, encounter: Some(encounter) });
    }

    /// Pregnancy and the last stretch of life.
    pub(super) fn special_states(&self, life: &mut Life) {
        let mut draw = self.draw("states");
        let since = self.before_limit(draw.between(40, 210));
        if draw.chance(45) && self.person.female && (20..=42).contains(&self.age) && self.within(since) {
            life.conditions.push(Condition { code: PREGNANCY, onset: since, abatement: None, lasting: true, encounter: None });
            for month in 0..7 {
                let day = since.saturating_add((month * 30 + 5).days());
                if self.within(day) {
                    life.visit(Encounter {
                        day,
                        setting: Setting::Ambulatory,
                        kind: Some(CLINIC_VISIT),
                        title: "Prenatal visit",
                        reason: Some(PREGNANCY),
                        days: 0,
                    });
                }
            }
        }
        let since = self.before_limit(draw.between(10, 250));
        if draw.chance(12) && self.age >= 66 && self.within(since) {
            let encounter = life.visit(Encounter {
                day: since,
                setting: Setting::Ambulatory,
                kind: Some(CLINIC_VISIT),
                title: "Palliative care visit",
                reason: Some(PALLIATIVE),
                days: 0,
            });
            life.conditions.push(Condition { code: PALLIATIVE, onset: since, abatement: None, lasting: true, encounter: Some(encounter) });
        }
    }

    /// Medications for what lasts: never without the condition, never against an allergy.
    pub(super) fn prescriptions(&self, life: &mut Life) {
        let mut draw = self.draw("prescriptions");
        let mut written = Vec::new();
        for (reason, condition) in life.conditions.iter().enumerate() {
            let Some(chronic) = CHRONIC.iter().find(|chronic| chronic.code == condition.code) else { continue };
            let treated = draw.chance(chronic.treated);
            let choice = draw.below(chronic.drugs.len() as u64) as usize;
            let changed = draw.chance(180);
            if !treated {
                continue;
            }
            let mut fitting = chronic.drugs.iter().cycle().skip(choice).take(chronic.drugs.len()).filter(|drug| tolerates(life, drug));
            let Some(drug) = fitting.next() else { continue };
            let visit = life
                .encounters
                .iter()
                .enumerate()
                .filter(|(_, encounter)| encounter.day >= condition.onset)
                .min_by_key(|(_, encounter)| encounter.day);
            let (encounter, authored) = visit.map_or((None, condition.onset), |(at, visit)| (Some(at), visit.day));
            let earlier = fitting.next().filter(|_| changed && authored > condition.onset.saturating_add(30.days()));
            if let Some(earlier) = earlier {
                written.push(Medication { drug: earlier, reason, authored: condition.onset, status: "stopped", encounter: None });
            }
            let status = if self.person.death().is_some() { "stopped" } else { "active" };
            written.push(Medication { drug, reason, authored, status, encounter });
        }
        life.medications.extend(written);
    }
}

fn tolerates(life: &Life, drug: &Drug) -> bool {
    !life.allergies.iter().any(|allergy| allergy.allergen.avoid.contains(&drug.ingredient))
}
