//! The time zone of a home in the United States. A state with two zones gives one only where the first three digits of the postal
//! code lie wholly in it: a zone that is not known is not guessed, because quiet hours hang on it.

const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const PACIFIC: &str = "America/Los_Angeles";
const ARIZONA: &str = "America/Phoenix";
const INDIANA: &str = "America/Indiana/Indianapolis";
const BOISE: &str = "America/Boise";

/// The IANA time zone of an address; `None` where it does not tell.
pub(super) fn time_zone(state: Option<&str>, postal_code: Option<&str>, country: Option<&str>) -> Option<&'static str> {
    let in_us = country.is_none_or(|it| {
        ["US", "USA", "U.S.", "U.S.A.", "UNITED STATES", "UNITED STATES OF AMERICA"].contains(&it.trim().to_ascii_uppercase().as_str())
    });
    if !in_us {
        return None;
    }
    let postal_code = postal_code.map(str::trim).filter(|it| it.len() >= 5 && it.bytes().take(5).all(|it| it.is_ascii_digit()));
    let area: Option<u16> = postal_code.and_then(|it| it.get(..3)).and_then(|it| it.parse().ok());
    let state = state?.trim().to_ascii_uppercase();
    match abbreviation(&state) {
        "CT" | "DE" | "DC" | "GA" | "ME" | "MD" | "MA" | "NH" | "NJ" | "NY" | "NC" | "OH" | "PA" | "RI" | "SC" | "VT" | "VA" | "WV" => {
            Some(EASTERN)
        }
        "AL" | "AR" | "IL" | "IA" | "LA" | "MN" | "MS" | "MO" | "OK" | "WI" => Some(CENTRAL),
        "CO" | "MT" | "NM" | "UT" | "WY" => Some(MOUNTAIN),
        "CA" | "WA" => Some(PACIFIC),
        "HI" => Some("Pacific/Honolulu"),
        "PR" | "VI" => Some("America/Puerto_Rico"),
        "GU" => Some("Pacific/Guam"),
        split => area.and_then(|area| of_area(split, area)),
    }
}

/// The zone of a postal area (three digits) in a state that has two.
fn of_area(state: &str, area: u16) -> Option<&'static str> {
    match (state, area) {
        ("FL", 320..=323 | 326..=349) | ("KY", 400..=418) | ("TN", 374 | 376..=379) => Some(EASTERN),
        ("IN", 460..=462 | 466..=474 | 478) => Some(INDIANA),
        ("MI", 480..=497) => Some("America/Detroit"),
        // The 324 area lies on both sides of the Apalachicola.
        ("TX", 750..=797)
        | ("KS", 660..=676)
        | ("NE", 680..=689)
        | ("SD", 570..=574)
        | ("ND", 580..=584 | 587)
        | ("FL", 325)
        | ("IN", 463 | 464 | 476 | 477)
        | ("KY", 420..=424)
        | ("TN", 370..=372 | 375 | 380..=385) => Some(CENTRAL),
        ("TX", 799 | 885) | ("NE", 693) | ("SD", 577) => Some(MOUNTAIN),
        ("ID", 832..=834 | 836..=837) => Some(BOISE),
        ("ID", 838) | ("OR", 970..=978) | ("NV", 889..=897) => Some(PACIFIC),
        // The Navajo Nation, which has summer time, reaches into 860 and 865.
        ("AZ", 850..=859 | 863..=864) => Some(ARIZONA),
        // 995 has the western Aleutians.
        ("AK", 996..=999) => Some("America/Anchorage"),
        _ => None,
    }
}

/// The two letters of a state written out, or the text as it is.
fn abbreviation(state: &str) -> &str {
    const NAMES: [(&str, &str); 52] = [
        ("ALABAMA", "AL"),
        ("ALASKA", "AK"),
        ("ARIZONA", "AZ"),
        ("ARKANSAS", "AR"),
        ("CALIFORNIA", "CA"),
        ("COLORADO", "CO"),
        ("CONNECTICUT", "CT"),
        ("DELAWARE", "DE"),
        ("DISTRICT OF COLUMBIA", "DC"),
        ("FLORIDA", "FL"),
        ("GEORGIA", "GA"),
        ("HAWAII", "HI"),
        ("IDAHO", "ID"),
        ("ILLINOIS", "IL"),
        ("INDIANA", "IN"),
        ("IOWA", "IA"),
        ("KANSAS", "KS"),
        ("KENTUCKY", "KY"),
        ("LOUISIANA", "LA"),
        ("MAINE", "ME"),
        ("MARYLAND", "MD"),
        ("MASSACHUSETTS", "MA"),
        ("MICHIGAN", "MI"),
        ("MINNESOTA", "MN"),
        ("MISSISSIPPI", "MS"),
        ("MISSOURI", "MO"),
        ("MONTANA", "MT"),
        ("NEBRASKA", "NE"),
        ("NEVADA", "NV"),
        ("NEW HAMPSHIRE", "NH"),
        ("NEW JERSEY", "NJ"),
        ("NEW MEXICO", "NM"),
        ("NEW YORK", "NY"),
        ("NORTH CAROLINA", "NC"),
        ("NORTH DAKOTA", "ND"),
        ("OHIO", "OH"),
        ("OKLAHOMA", "OK"),
        ("OREGON", "OR"),
        ("PENNSYLVANIA", "PA"),
        ("PUERTO RICO", "PR"),
        ("RHODE ISLAND", "RI"),
        ("SOUTH CAROLINA", "SC"),
        ("SOUTH DAKOTA", "SD"),
        ("TENNESSEE", "TN"),
        ("TEXAS", "TX"),
        ("UTAH", "UT"),
        ("VERMONT", "VT"),
        ("VIRGINIA", "VA"),
        ("WASHINGTON", "WA"),
        ("WEST VIRGINIA", "WV"),
        ("WISCONSIN", "WI"),
        ("WYOMING", "WY"),
    ];
    NAMES.iter().find(|(name, _)| *name == state).map_or(state, |(_, letters)| letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_told_only_where_the_address_decides_it() {
        for (state, postal_code, country, zone) in [
            (Some("MA"), None, None, Some(EASTERN)),
            (Some("Massachusetts"), Some("01027"), Some("US"), Some(EASTERN)),
            (Some("TX"), Some("79901"), None, Some(MOUNTAIN)),
            (Some("TX"), Some("75201-1234"), None, Some(CENTRAL)),
            (Some("TX"), Some("79830"), None, None),
            (Some("TX"), None, None, None),
            (Some("AZ"), Some("86515"), None, None),
            (Some("MA"), None, Some("CA"), None),
            (Some("Bavaria"), Some("80331"), None, None),
            (None, Some("01027"), None, None),
        ] {
            assert_eq!(time_zone(state, postal_code, country), zone, "{state:?} {postal_code:?}");
        }
    }

    #[test]
    fn every_zone_is_one_that_the_time_zone_database_knows() {
        for area in 0..1000_u16 {
            for state in ["FL", "IN", "KY", "TN", "MI", "TX", "KS", "NE", "SD", "ND", "ID", "OR", "NV", "AZ", "AK", "MA", "HI", "PR", "GU"]
            {
                if let Some(zone) = time_zone(Some(state), Some(&format!("{area:03}01")), None) {
                    assert!(jiff::tz::TimeZone::get(zone).is_ok(), "{zone}");
                }
            }
        }
    }
}
