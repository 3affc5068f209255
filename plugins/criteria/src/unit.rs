//! Units of UCUM that measure the same thing, as far as clinical values need them. A unit that is not listed equals itself alone.

/// A unit, how else it is written, and how much of the first unit of its dimension it is.
type Unit = (&'static str, &'static [&'static str], f64);

/// Units by dimension. Factors are exact by definition (UCUM; pounds and inches by the international agreement of 1959; mm\[Hg\] as UCUM has it).
const DIMENSIONS: &[&[Unit]] = &[
    &[
        ("mg/dL", &["mg/dl", "MG/DL"], 1.0),
        ("g/L", &["g/l"], 100.0),
        ("g/dL", &["g/dl"], 1_000.0),
        ("mg/L", &["mg/l"], 0.1),
        ("ug/dL", &[], 0.001),
    ],
    &[("%", &["percent", "Percent", "% HbA1c", "%{HemoglobinA1c}", "%{Hb}"], 1.0)],
    &[("mm[Hg]", &["mmHg", "mm Hg", "mmhg", "MMHG"], 1.0), ("kPa", &[], 7.500_615_758_456_564)],
    &[("kg", &["KG"], 1.0), ("g", &[], 0.001), ("[lb_av]", &["lb", "lbs", "pounds"], 0.453_592_37)],
    &[("cm", &["CM"], 1.0), ("m", &[], 100.0), ("[in_i]", &["in", "inches"], 2.54)],
    &[("kg/m2", &["kg/m^2", "kg/m²"], 1.0)],
    &[("mmol/L", &["mmol/l"], 1.0), ("umol/L", &["umol/l"], 0.001), ("mol/L", &[], 1_000.0)],
    &[("mg/g", &["mg/g{creat}", "mg/g Cr"], 1.0), ("ug/mg", &["ug/mg{creat}"], 1.0)],
    &[("d", &["day", "days"], 1.0), ("wk", &["week", "weeks"], 7.0), ("h", &["hour", "hours"], 1.0 / 24.0)],
    &[("a", &["year", "years"], 12.0), ("mo", &["month", "months"], 1.0)],
];

/// Every way of writing a unit in which a value can be compared to one in `unit`, with the factor by which it is multiplied. `None` where
/// the unit is not one of UCUM that is known here; it then compares to itself alone.
pub(crate) fn comparable(unit: &str) -> Option<Vec<(&'static str, f64)>> {
    let named = |known: &Unit| known.0 == unit || known.1.contains(&unit);
    let dimension = DIMENSIONS.iter().find(|dimension| dimension.iter().any(named))?;
    let own = dimension.iter().find(|known| named(known))?.2;
    let written = |known: &Unit| {
        let factor = if (known.2 - own).abs() < f64::EPSILON { 1.0 } else { known.2 / own };
        std::iter::once(known.0).chain(known.1.iter().copied()).map(move |name| (name, factor)).collect::<Vec<_>>()
    };
    Some(dimension.iter().flat_map(written).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_compared_in_the_unit_that_was_asked_for() {
        let factor =
            |unit: &str, from: &str| comparable(unit).unwrap().into_iter().find(|(name, _)| *name == from).map(|(_, factor)| factor);
        assert_eq!(factor("mg/dL", "g/L"), Some(100.0));
        assert_eq!(factor("g/L", "mg/dL"), Some(0.01));
        assert_eq!(factor("mm[Hg]", "mmHg"), Some(1.0));
        assert_eq!(factor("mg/dL", "mmol/L"), None, "that depends on the substance");
        assert_eq!(comparable("bananas"), None);
    }
}
