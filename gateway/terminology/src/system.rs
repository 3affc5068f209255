//! Names of code systems: FHIR has a URI for each, others write OIDs and abbreviations.

/// A code system as FHIR names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemName {
    /// Its URI; what was written where nobody knows it.
    pub uri: String,
    /// Whether it is a code system that the product knows.
    pub is_known: bool,
}

/// URI, OID, and what else it is called, letters and digits alone and in lower case.
const SYSTEMS: &[(&str, &str, &[&str])] = &[
    ("http://snomed.info/sct", "2.16.840.1.113883.6.96", &["snomedct", "snomedctus", "snomed", "sct", "snomedctusedition", "scteu"]),
    ("http://loinc.org", "2.16.840.1.113883.6.1", &["loinc", "lnc", "httploincorg", "httpsloincorg"]),
    ("http://www.nlm.nih.gov/research/umls/rxnorm", "2.16.840.1.113883.6.88", &["rxnorm"]),
    (
        "http://hl7.org/fhir/sid/icd-10-cm",
        "2.16.840.1.113883.6.90",
        &["icd10cm", "icd10clinicalmodification", "httphl7orgfhirsidicd10us", "httpwwwcdcgovnchsicdicd10cm"],
    ),
    (
        "http://www.cms.gov/Medicare/Coding/ICD10",
        "2.16.840.1.113883.6.4",
        &["icd10pcs", "httphl7orgfhirsidicd10pcs", "icd10procedurecodingsystem"],
    ),
    ("http://hl7.org/fhir/sid/icd-10", "2.16.840.1.113883.6.3", &["icd10"]),
    ("http://hl7.org/fhir/sid/icd-9-cm", "2.16.840.1.113883.6.103", &["icd9cm", "icd9", "icd9cmdx"]),
    ("http://terminology.hl7.org/CodeSystem/icd9cm-procedure", "2.16.840.1.113883.6.104", &["icd9cmprocedure", "icd9pcs", "icd9cmsg"]),
    ("http://hl7.org/fhir/sid/cvx", "2.16.840.1.113883.12.292", &["cvx", "vaccinesadministered", "httphl7orgfhirsidcvx"]),
    ("http://www.ama-assn.org/go/cpt", "2.16.840.1.113883.6.12", &["cpt", "cpt4", "currentproceduralterminology"]),
    (
        "http://www.nlm.nih.gov/research/umls/hcpcs",
        "2.16.840.1.113883.6.285",
        &[
            "hcpcs",
            "hcpcslevelii",
            "hcpcslevel2",
            "hcpcsleveliii",
            "httpterminologyhl7orgcodesystemhcpcsallcodes",
            "httpswwwcmsgovmedicarecodinghcpcsreleasecodesets",
            "httpswwwcmsgovmedicarecodingmedhcpcsgeninfo",
        ],
    ),
    ("http://www.ada.org/cdt", "2.16.840.1.113883.6.13", &["cdt", "cdt2", "httpwwwnlmnihgovresearchumlscdt", "httpadaorgcdt"]),
    ("http://hl7.org/fhir/sid/ndc", "2.16.840.1.113883.6.69", &["ndc"]),
    ("http://unitsofmeasure.org", "2.16.840.1.113883.6.8", &["ucum"]),
    ("http://fdasis.nlm.nih.gov", "2.16.840.1.113883.4.9", &["unii"]),
    ("http://hl7.org/fhir/ndfrt", "2.16.840.1.113883.3.26.1.5", &["ndfrt"]),
    ("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "2.16.840.1.113883.3.26.1.1", &["nci", "ncithesaurus", "ncit"]),
    ("https://nahdo.org/sopt", "2.16.840.1.113883.3.221.5", &["sop", "sopt", "sourceofpaymenttypology"]),
    ("urn:oid:2.16.840.1.113883.6.238", "2.16.840.1.113883.6.238", &["cdcrec", "cdcraceandethnicity"]),
    (
        "https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html",
        "2.16.840.1.113883.6.259",
        &["hsloc", "healthcareservicelocation"],
    ),
    ("http://nucc.org/provider-taxonomy", "2.16.840.1.113883.6.101", &["nucc", "nucchealthcareprovidertaxonomy"]),
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "2.16.840.1.113883.5.4", &["actcode"]),
    ("http://terminology.hl7.org/CodeSystem/v3-ActMood", "2.16.840.1.113883.5.1001", &["actmood"]),
    ("http://terminology.hl7.org/CodeSystem/v3-ActReason", "2.16.840.1.113883.5.8", &["actreason"]),
    ("http://terminology.hl7.org/CodeSystem/v3-ActStatus", "2.16.840.1.113883.5.14", &["actstatus"]),
    (
        "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
        "2.16.840.1.113883.5.1",
        &["administrativegender", "administrativesex"],
    ),
    ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "2.16.840.1.113883.5.111", &["rolecode"]),
    ("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "2.16.840.1.113883.5.1008", &["nullflavor"]),
    ("http://terminology.hl7.org/CodeSystem/v2-0112", "2.16.840.1.113883.12.112", &["dischargedisposition"]),
];

/// A code system by any of its names.
pub fn system(written: &str) -> SystemName {
    let written = written.trim();
    // SNOMED CT names editions and versions in the URI of the system.
    if written.strip_prefix("http://snomed.info/sct").is_some_and(|rest| rest.starts_with(['/', '|', '?'])) {
        return system("http://snomed.info/sct");
    }
    // The version of a system is none of its name's business.
    let named = written.split_once('|').map_or(written, |(name, _)| name).trim_end_matches('/');
    let lower = named.to_ascii_lowercase();
    let oid = lower.strip_prefix("urn:oid:").unwrap_or(&lower);
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let matches = |(uri, its_oid, names): &&(&str, &str, &[&str])| {
        lower == uri.to_ascii_lowercase() || oid == *its_oid || names.contains(&letters.as_str())
    };
    if let Some((uri, _, _)) = SYSTEMS.iter().find(matches) {
        return SystemName { uri: (*uri).to_owned(), is_known: true };
    }
    let is_of_hl7 = ["http://terminology.hl7.org/", "http://hl7.org/fhir/"].iter().any(|it| named.starts_with(it));
    let is_oid = oid.contains('.') && oid.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let uri = if is_oid { format!("urn:oid:{oid}") } else { named.to_owned() };
    SystemName { uri, is_known: is_of_hl7 }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("urn:oid:2.16.840.1.113883.6.96", "http://snomed.info/sct")]
    #[case("2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm")]
    #[case("SNOMEDCT_US", "http://snomed.info/sct")]
    #[case("SNOMED CT", "http://snomed.info/sct")]
    #[case("http://snomed.info/sct/731000124108/version/20240301", "http://snomed.info/sct")]
    #[case("ICD10CM", "http://hl7.org/fhir/sid/icd-10-cm")]
    #[case("ICD-10-PCS", "http://www.cms.gov/Medicare/Coding/ICD10")]
    #[case("LOINC", "http://loinc.org")]
    #[case("https://loinc.org/", "http://loinc.org")]
    #[case("http://loinc.org|2.77", "http://loinc.org")]
    #[case("RXNORM", "http://www.nlm.nih.gov/research/umls/rxnorm")]
    #[case("CVX", "http://hl7.org/fhir/sid/cvx")]
    #[case("CPT", "http://www.ama-assn.org/go/cpt")]
    #[case("HCPCS Level II", "http://www.nlm.nih.gov/research/umls/hcpcs")]
    #[case("CDT", "http://www.ada.org/cdt")]
    #[case("http://terminology.hl7.org/CodeSystem/v2-0203", "http://terminology.hl7.org/CodeSystem/v2-0203")]
    fn a_code_system_has_one_name_however_it_is_written(#[case] written: &str, #[case] expected: &str) {
        assert_eq!(system(written), SystemName { uri: expected.to_owned(), is_known: true });
    }

    #[rstest]
    #[case("1.2.3.4", "urn:oid:1.2.3.4")]
    #[case("http://loinc.com", "http://loinc.com")]
    #[case("OUR LAB", "OUR LAB")]
    fn a_system_that_nobody_knows_is_kept_as_it_is(#[case] written: &str, #[case] expected: &str) {
        assert_eq!(system(written), SystemName { uri: expected.to_owned(), is_known: false });
    }

    #[test]
    fn each_system_knows_itself() {
        for (uri, oid, _) in SYSTEMS {
            assert_eq!(system(uri).uri, *uri);
            assert_eq!(system(oid).uri, *uri);
        }
    }
}
