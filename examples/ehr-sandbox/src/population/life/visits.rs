//! Preventive visits and what is measured at visits.

use jiff::{ToSpan, civil::Date};

use super::{
    super::codes::{
        ADULT_EXAM, ALBUMIN_CREATININE, BLOOD_PRESSURE, BMI, CHILD_EXAM, CLINIC_VISIT, Code, DEPRESSION, DIABETES, EGFR, HBA1C, HEIGHT,
        HYPERLIPIDEMIA, HYPERTENSION, KIDNEY_DISEASE, LDL, OBESITY, PHQ9, SMOKING, WEIGHT, WELCOME_TO_MEDICARE, WELLNESS_FIRST,
        WELLNESS_LATER,
    },
    super::draw::Draw,
    Course, Encounter, Finding, Life, Observation, Setting,
};

/// Days of life of the well-child visits of the first two years.
const INFANT_VISITS: [i64; 9] = [4, 32, 62, 123, 185, 275, 380, 470, 600];

/// How far back visits are recorded, in years.
const YEARS_OF_RECORD: i64 = 6;

impl Course<'_> {
    /// Yearly wellness visits, as far as people come.
    pub(super) fn preventive_visits(&self, life: &mut Life) {
        let mut draw = self.draw("visits");
        for day in INFANT_VISITS {
            let day = self.person.birth.saturating_add(day.days());
            if self.within(day) && day >= self.before_limit(YEARS_OF_RECORD * 365) {
                life.visit(child_visit(day));
            }
        }
        let loyalty = if draw.chance(900) { 880 } else { 150 };
        let first = draw.between(4, 300);
        let mut days = Vec::new();
        for year in 0..YEARS_OF_RECORD {
            let day = self.before_limit(first + year * 365 + draw.between(0, 40) * i64::from(year > 0));
            let attended = draw.chance(loyalty);
            if attended && self.within(day) && self.person.age_on(day) >= 2 {
                days.push(day);
            }
        }
        days.reverse();
        let mut wellness_before = false;
        for day in days {
            let age = self.person.age_on(day);
            if age < 18 {
                life.visit(child_visit(day));
                continue;
            }
            let kind = match (age, wellness_before) {
                (65, _) => WELCOME_TO_MEDICARE,
                (_, false) => WELLNESS_FIRST,
                (_, true) => WELLNESS_LATER,
            };
            wellness_before |= age != 65;
            life.visit(Encounter {
                day,
                setting: Setting::Ambulatory,
                kind: Some(kind),
                title: "Annual wellness visit",
                reason: Some(ADULT_EXAM),
                days: 0,
            });
        }
    }

    /// Vital signs at each visit in person, and the laboratory values the known conditions ask for.
    pub(super) fn measurements(&self, life: &mut Life) {
        let mut draw = self.draw("measurements");
        let obese = life.condition(OBESITY);
        let adult_height = if self.person.female { draw.between(1_520, 1_760) } else { draw.between(1_640, 1_900) };
        let lean = draw.between(190, 292);
        let heavy = draw.between(305, 410);
        let smoking = match draw.weighted(&[650, 210, 140]) {
            0 => Finding::Answer { code: "LA18978-9", text: "Never smoker" },
            1 => Finding::Answer { code: "LA15920-4", text: "Former smoker" },
            _ => Finding::Answer { code: "LA18976-3", text: "Current every day smoker" },
        };
        let mut found = Vec::new();
        for (index, encounter) in life.encounters.iter().enumerate() {
            if matches!(encounter.setting, Setting::Virtual) {
                continue;
            }
            let day = encounter.day;
            let age = self.person.age_on(day);
            let mut add = |code: Code, category, result| {
                found.push(Observation { code, category, day, result, encounter: Some(index) });
            };
            let known =
                |code: &str| life.condition(code).and_then(|at| life.conditions.get(at)).is_some_and(|condition| condition.onset <= day);
            let preventive = encounter.reason.is_some_and(|reason| reason == ADULT_EXAM || reason == CHILD_EXAM);
            if age >= 3 {
                add(BLOOD_PRESSURE, "vital-signs", pressure(&mut draw, age, known(HYPERTENSION)));
            }
            if preventive {
                let height = if age >= 18 { adult_height } else { child_height(&mut draw, self.person.birth, day) };
                let heavy_now = obese.is_some() && known(OBESITY);
                let bmi = match (age, heavy_now) {
                    (0..=17, false) => draw.between(145, 215),
                    (0..=17, true) => draw.between(285, 330),
                    (_, true) => heavy + draw.between(-4, 4),
                    (_, false) => lean + draw.between(-4, 4),
                };
                // Height is in tenths of a centimetre and BMI in tenths: kilograms in tenths.
                let weight = bmi * height * height / 1_000_000;
                add(HEIGHT, "vital-signs", Finding::Quantity { tenths: height, unit: "cm" });
                add(WEIGHT, "vital-signs", Finding::Quantity { tenths: weight, unit: "kg" });
                if age >= 2 {
                    add(BMI, "vital-signs", Finding::Quantity { tenths: bmi, unit: "kg/m2" });
                }
                if age >= 13 {
                    add(SMOKING, "social-history", smoking);
                }
            }
            if known(DIABETES) {
                let tenths = draw.between(58, 82) + i64::from(draw.chance(220)) * draw.between(5, 30);
                add(HBA1C, "laboratory", Finding::Quantity { tenths, unit: "%" });
                if draw.chance(500) {
                    add(ALBUMIN_CREATININE, "laboratory", Finding::Quantity { tenths: draw.between(40, 900), unit: "mg/g" });
                }
            }
            if known(DIABETES) || known(KIDNEY_DISEASE) {
                let (low, high) = if known(KIDNEY_DISEASE) { (45, 59) } else { (64, 108) };
                let tenths = draw.between(low, high) * 10;
                add(EGFR, "laboratory", Finding::Quantity { tenths, unit: "mL/min/{1.73_m2}" });
            }
            if preventive && age >= 35 && draw.chance(600) {
                let (low, high) = if known(HYPERLIPIDEMIA) { (88, 195) } else { (68, 132) };
                add(LDL, "laboratory", Finding::Quantity { tenths: draw.between(low, high) * 10, unit: "mg/dL" });
            }
            if known(DEPRESSION) {
                add(PHQ9, "survey", Finding::Quantity { tenths: draw.between(2, 18) * 10, unit: "{score}" });
            }
        }
        life.observations.extend(found);
    }
}

fn child_visit(day: Date) -> Encounter {
    Encounter { day, setting: Setting::Ambulatory, kind: Some(CLINIC_VISIT), title: "Well-child visit", reason: Some(CHILD_EXAM), days: 0 }
}

fn pressure(draw: &mut Draw, age: i64, hypertensive: bool) -> Finding {
    let (systolic, diastolic) = match (age, hypertensive) {
        (0..=12, _) => (draw.between(88, 110), draw.between(54, 70)),
        (_, true) => (draw.between(118, 158), draw.between(70, 96)),
        (_, false) => (draw.between(104, 129), draw.between(62, 81)),
    };
    Finding::Pressure { systolic, diastolic }
}

/// Tenths of a centimetre, near the median of the growth charts.
fn child_height(draw: &mut Draw, birth: Date, day: Date) -> i64 {
    let months = (birth.until(day).map_or(0, |span| i64::from(span.get_days())) / 30).max(0);
    let median = if months < 24 { 500 + months * 15 } else { 860 + (months - 24) * 47 / 10 };
    median.min(1_700) + draw.between(-25, 25)
}
