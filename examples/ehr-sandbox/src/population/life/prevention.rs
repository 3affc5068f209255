//! Screening and vaccination.

use jiff::{ToSpan, civil::Date};

use super::{
    super::codes::{
        CHILDHOOD, CLINIC_VISIT, COLON_POLYP, COLONOSCOPY, COLONOSCOPY_HIGH_RISK, FIT, FLU, FLU_HIGH_DOSE, HPV, MAMMOGRAM, NO_BREASTS,
        PALLIATIVE, PAP, PNEUMOCOCCAL_20, STOOL_DNA, TDAP, ZOSTER,
    },
    Course, Encounter, Finding, Immunization, Life, Observation, Procedure, Setting,
};

impl Course<'_> {
    /// Women from 40 on: some come every two years, some have stopped, some never came.
    pub(super) fn mammograms(&self, life: &mut Life) {
        let mut draw = self.draw("mammogram");
        let habit = draw.weighted(&[470, 270, 260]);
        let recent = draw.between(12, 560);
        let lapsed = draw.between(1_180, 2_300);
        let rounds = draw.between(1, 4);
        let last = match habit {
            0 => recent,
            1 => lapsed,
            _ => return,
        };
        if !self.person.female {
            return;
        }
        let until = life
            .conditions
            .iter()
            .filter(|condition| condition.code == NO_BREASTS || condition.code == PALLIATIVE)
            .map(|condition| condition.onset)
            .min();
        for round in 0..rounds {
            let day = self.before_limit(last + round * 735);
            let age = self.person.age_on(day);
            let possible = until.is_none_or(|until| day < until);
            if self.within(day) && (40..=79).contains(&age) && possible {
                let text = match draw.weighted(&[720, 250, 30]) {
                    0 => "BI-RADS 1: Negative",
                    1 => "BI-RADS 2: Benign",
                    _ => "BI-RADS 0: Incomplete, additional imaging needed",
                };
                life.observations.push(Observation {
                    code: MAMMOGRAM,
                    category: "imaging",
                    day,
                    result: Finding::Text(text),
                    encounter: None,
                });
            }
        }
    }

    pub(super) fn bowel_screening(&self, life: &mut Life) {
        let mut draw = self.draw("bowel");
        let way = draw.weighted(&[430, 170, 80, 320]);
        let day = self.before_limit(match way {
            0 => draw.between(60, 3_300),
            1 => draw.between(10, 700),
            _ => draw.between(30, 1_000),
        });
        if !self.within(day) || self.person.age_on(day) < 45 || self.person.age_on(day) > 80 {
            return;
        }
        let mut laboratory = |code, text| {
            life.observations.push(Observation { code, category: "laboratory", day, result: Finding::Text(text), encounter: None });
        };
        match way {
            0 => Self::colonoscopy(life, day),
            1 => laboratory(FIT, if draw.chance(950) { "Negative" } else { "Positive" }),
            2 => laboratory(STOOL_DNA, if draw.chance(900) { "Negative" } else { "Positive" }),
            _ => {}
        }
    }

    fn colonoscopy(life: &mut Life, day: Date) {
        let risk = life.condition(COLON_POLYP).and_then(|at| life.conditions.get(at).map(|found| (at, found.onset)));
        let reason = risk.filter(|(_, onset)| *onset <= day).map(|(at, _)| at);
        let encounter = life.visit(Encounter {
            day,
            setting: Setting::Ambulatory,
            kind: Some(CLINIC_VISIT),
            title: "Outpatient procedure visit",
            reason: None,
            days: 0,
        });
        let code = if reason.is_some() { COLONOSCOPY_HIGH_RISK } else { COLONOSCOPY };
        life.procedures.push(Procedure { code, day, reason, encounter: Some(encounter) });
    }

    pub(super) fn cervical_screening(&self, life: &mut Life) {
        let mut draw = self.draw("cervical");
        let comes = draw.chance(680);
        let last = draw.between(20, 1_050);
        for round in 0..2 {
            let day = self.before_limit(last + round * 1_100);
            let with_hpv = draw.chance(500);
            let age = self.person.age_on(day);
            if !comes || !self.person.female || !self.within(day) || !(21..=65).contains(&age) {
                continue;
            }
            let mut add = |code, text| {
                life.observations.push(Observation { code, category: "laboratory", day, result: Finding::Text(text), encounter: None });
            };
            add(PAP, "Negative for intraepithelial lesion or malignancy");
            if with_hpv && age >= 30 {
                add(HPV, "Not detected");
            }
        }
    }

    pub(super) fn vaccinations(&self, life: &mut Life) {
        let mut draw = self.draw("vaccines");
        let mut given = Vec::new();
        let mut add = |vaccine, day: Date| {
            if self.within(day) {
                given.push(Immunization { vaccine, day });
            }
        };
        if self.age < 19 && draw.chance(930) {
            for (vaccine, doses) in CHILDHOOD {
                for dose in *doses {
                    let day = self.person.birth.saturating_add((dose + draw.between(0, 14)).days());
                    if draw.chance(960) {
                        add(*vaccine, day);
                    }
                }
            }
        }
        let takes_flu = draw.chance(560);
        for season in 0..5_i16 {
            let day = Date::new(self.population.as_of.year() - season, 10, 1)
                .map_or(self.limit, |first| first.saturating_add(draw.between(0, 40).days()));
            if draw.chance(800) && takes_flu && self.person.age_on(day) >= 1 {
                add(if self.person.age_on(day) >= 65 { FLU_HIGH_DOSE } else { FLU }, day);
            }
        }
        let day = self.before_limit(draw.between(30, 1_800)).max(self.birthday(50).saturating_add(20.days()));
        if draw.chance(420) && self.age >= 50 {
            add(ZOSTER, day);
            add(ZOSTER, day.saturating_add(90.days()));
        }
        let day = self.before_limit(draw.between(20, 1_000)).max(self.birthday(65).saturating_add(20.days()));
        if draw.chance(640) && self.age >= 65 {
            add(PNEUMOCOCCAL_20, day);
        }
        let day = self.before_limit(draw.between(60, 3_600)).max(self.birthday(19).saturating_add(20.days()));
        if draw.chance(620) && self.age >= 19 {
            add(TDAP, day);
        }
        life.immunizations.extend(given);
    }
}
