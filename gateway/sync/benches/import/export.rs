//! An export of any size in files by type, as servers make them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::Outcome;

/// Resources of one patient beside the patient: encounters, conditions, medications, and observations for the rest.
const FOR_EACH_PATIENT: usize = 100;
const ENCOUNTERS: usize = 12;
const CONDITIONS: usize = 8;
const MEDICATIONS: usize = 10;

/// An export in a folder.
pub(crate) struct Export {
    pub(crate) folder: PathBuf,
    pub(crate) files: Vec<TypeFile>,
    pub(crate) lines: usize,
    pub(crate) bytes: u64,
}

/// The file of a type.
pub(crate) struct TypeFile {
    pub(crate) path: PathBuf,
    lines: usize,
    of_each: usize,
    stride: usize,
}

impl TypeFile {
    /// The patient of a line.
    pub(crate) const fn patient(&self, line: usize) -> usize {
        self.number(line) / self.of_each
    }

    /// The number of the resource on a line. A stride prime to the count visits every one once.
    const fn number(&self, line: usize) -> usize {
        line * self.stride % self.lines
    }
}

impl Export {
    /// Writes about so many resources, each file in the order of the patients, or with every line far from its neighbours.
    pub(crate) fn write(folder: &Path, resources: usize, shuffled: bool) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let patients = resources.div_ceil(FOR_EACH_PATIENT);
        let observations = FOR_EACH_PATIENT - 1 - ENCOUNTERS - CONDITIONS - MEDICATIONS;
        let mut export = Self { folder: folder.to_owned(), files: Vec::new(), lines: 0, bytes: 0 };
        let types: [(&str, usize, Line); 5] = [
            ("Patient", 1, patient),
            ("Encounter", ENCOUNTERS, encounter),
            ("Condition", CONDITIONS, condition),
            ("MedicationRequest", MEDICATIONS, medication),
            ("Observation", observations, observation),
        ];
        for (name, of_each, line) in types {
            let path = folder.join(format!("{name}.ndjson"));
            let mut written = BufWriter::new(File::create(&path)?);
            let lines = patients * of_each;
            let file = TypeFile { path, lines, of_each, stride: if shuffled { stride(lines) } else { 1 } };
            for at in 0..lines {
                writeln!(written, "{}", line(file.patient(at), file.number(at)))?;
            }
            written.flush()?;
            // Else the disk is still busy with it while the import is measured.
            written.get_ref().sync_all()?;
            export.lines += lines;
            export.bytes += fs::metadata(&file.path)?.len();
            export.files.push(file);
        }
        Ok(export)
    }
}

fn stride(count: usize) -> usize {
    const fn divisor(a: usize, b: usize) -> usize {
        if b == 0 { a } else { divisor(b, a % b) }
    }
    [7_919, 7_907, 7_901, 7_883].into_iter().find(|it| divisor(*it, count) == 1).unwrap_or(1)
}

/// Patient and number to a line.
type Line = fn(usize, usize) -> String;

const META: &str = "\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"2026-01-02T03:04:05.678+00:00\",\"profile\":\
                    [\"http://hl7.org/fhir/us/core/StructureDefinition/us-core-resource\"]}";

fn patient(patient: usize, _: usize) -> String {
    format!(
        "{{\"resourceType\":\"Patient\",\"id\":\"p{patient:07x}-57d2-4d37-b3c5-8a4f00d1e9aa\",{META},\"text\":{{\"status\":\"generated\",\"div\":\
         \"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Made for measuring.</div>\"}},\"identifier\":[{{\"system\":\
         \"https://example.org/patients\",\"value\":\"{patient}\"}},{{\"type\":{{\"coding\":[{{\"system\":\
         \"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"MR\",\"display\":\"Medical Record Number\"}}]}},\"system\":\
         \"http://hospital.example.org\",\"value\":\"mrn-{patient}\"}}],\"active\":true,\"name\":[{{\"use\":\"official\",\"family\":\
         \"Family{patient}\",\"given\":[\"Given{}\",\"Middle\"]}}],\"telecom\":[{{\"system\":\"phone\",\"value\":\"555-{:07}\",\"use\":\
         \"home\"}},{{\"system\":\"email\",\"value\":\"person{patient}@example.org\"}}],\"gender\":\"{}\",\"birthDate\":\"19{:02}-0{}-1{}\",\
         \"address\":[{{\"line\":[\"{patient} Main Street\"],\"city\":\"Springfield\",\"state\":\"MA\",\"postalCode\":\"01101\",\"country\":\
         \"US\"}}],\"maritalStatus\":{{\"coding\":[{{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus\",\"code\":\"M\"}}]}},\
         \"communication\":[{{\"language\":{{\"coding\":[{{\"system\":\"urn:ietf:bcp:47\",\"code\":\"en-US\",\"display\":\"English\"}}]}}}}]}}",
        patient % 900,
        patient % 10_000_000,
        if patient.is_multiple_of(2) { "female" } else { "male" },
        patient % 100,
        patient % 9 + 1,
        patient % 9,
    )
}

fn encounter(patient: usize, number: usize) -> String {
    format!(
        "{{\"resourceType\":\"Encounter\",\"id\":\"e{number:09x}-57d2-4d37-b3c5-8a4f00d1\",{META},\"status\":\"finished\",\"class\":{{\"system\":\
         \"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"AMB\"}},\"type\":[{{\"coding\":[{{\"system\":\
         \"http://snomed.info/sct\",\"code\":\"18534900{}\",\"display\":\"Encounter for check up\"}}],\"text\":\"Encounter for check up\"}}],\
         \"subject\":{{\"reference\":\"Patient/p{patient:07x}-57d2-4d37-b3c5-8a4f00d1e9aa\"}},\"participant\":[{{\"individual\":{{\"reference\":\
         \"Practitioner/d{}\",\"display\":\"Dr. Someone\"}}}}],\"period\":{{\"start\":\"20{:02}-03-0{}T09:00:00-05:00\",\"end\":\
         \"20{:02}-03-0{}T09:30:00-05:00\"}},\"serviceProvider\":{{\"reference\":\"Organization/o1\",\"display\":\"A clinic\"}}}}",
        number % 10,
        number % 500,
        number % 25,
        number % 9 + 1,
        number % 25,
        number % 9 + 1,
    )
}

fn condition(patient: usize, number: usize) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"c{number:09x}-57d2-4d37-b3c5-8a4f00d1\",{META},\"clinicalStatus\":{{\"coding\":[{{\"system\":\
         \"http://terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"active\"}}]}},\"verificationStatus\":{{\"coding\":[{{\"system\":\
         \"http://terminology.hl7.org/CodeSystem/condition-ver-status\",\"code\":\"confirmed\"}}]}},\"code\":{{\"coding\":[{{\"system\":\
         \"http://snomed.info/sct\",\"code\":\"{}\",\"display\":\"A condition\"}}],\"text\":\"A condition\"}},\"subject\":{{\"reference\":\
         \"Patient/p{patient:07x}-57d2-4d37-b3c5-8a4f00d1e9aa\"}},\"encounter\":{{\"reference\":\"Encounter/e{number:09x}-57d2-4d37-b3c5-8a4f00d1\"}},\
         \"onsetDateTime\":\"20{:02}-05-06T07:08:09-04:00\",\"recordedDate\":\"20{:02}-05-06T07:08:09-04:00\"}}",
        44_054_000 + number % 700,
        number % 25,
        number % 25,
    )
}

fn medication(patient: usize, number: usize) -> String {
    format!(
        "{{\"resourceType\":\"MedicationRequest\",\"id\":\"m{number:09x}-57d2-4d37-b3c5-8a4f00d1\",{META},\"status\":\"stopped\",\"intent\":\
         \"order\",\"medicationCodeableConcept\":{{\"coding\":[{{\"system\":\"http://www.nlm.nih.gov/research/umls/rxnorm\",\"code\":\"{}\",\
         \"display\":\"A medication 10 MG Oral Tablet\"}}],\"text\":\"A medication 10 MG Oral Tablet\"}},\"subject\":{{\"reference\":\
         \"Patient/p{patient:07x}-57d2-4d37-b3c5-8a4f00d1e9aa\"}},\"encounter\":{{\"reference\":\"Encounter/e{number:09x}-57d2-4d37-b3c5-8a4f00d1\"}},\
         \"authoredOn\":\"20{:02}-05-06T07:08:09-04:00\",\"requester\":{{\"reference\":\"Practitioner/d{}\",\"display\":\"Dr. Someone\"}},\
         \"dosageInstruction\":[{{\"sequence\":1,\"asNeededBoolean\":false,\"timing\":{{\"repeat\":{{\"frequency\":1,\"period\":1.0,\"periodUnit\":\
         \"d\"}}}},\"doseAndRate\":[{{\"doseQuantity\":{{\"value\":1.0}}}}]}}]}}",
        310_000 + number % 900,
        number % 25,
        number % 500,
    )
}

fn observation(patient: usize, number: usize) -> String {
    format!(
        "{{\"resourceType\":\"Observation\",\"id\":\"b{number:09x}-57d2-4d37-b3c5-8a4f00d1\",{META},\"status\":\"final\",\"category\":[{{\"coding\":\
         [{{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\",\"display\":\"vital-signs\"}}]}}],\
         \"code\":{{\"coding\":[{{\"system\":\"http://loinc.org\",\"code\":\"{}-{}\",\"display\":\"A measurement\"}}],\"text\":\
         \"A measurement\"}},\"subject\":{{\"reference\":\"Patient/p{patient:07x}-57d2-4d37-b3c5-8a4f00d1e9aa\"}},\"encounter\":{{\"reference\":\
         \"Encounter/e{number:09x}-57d2-4d37-b3c5-8a4f00d1\"}},\"effectiveDateTime\":\"20{:02}-05-06T07:08:09-04:00\",\"issued\":\
         \"2020-05-06T07:08:09.123-04:00\",\"valueQuantity\":{{\"value\":{}.{},\"unit\":\"mm[Hg]\",\"system\":\"http://unitsofmeasure.org\",\
         \"code\":\"mm[Hg]\"}}}}",
        number % 300,
        number % 7,
        number % 25,
        number % 200,
        number % 100,
    )
}

/// Lines of a file, a piece at a time.
pub(crate) struct Lines(BufReader<File>);

impl Lines {
    pub(crate) fn open(path: &Path) -> Outcome<Self> {
        Ok(Self(BufReader::with_capacity(1 << 20, File::open(path)?)))
    }

    pub(crate) fn next(&mut self, most: usize, most_bytes: usize) -> Outcome<Vec<Vec<u8>>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < most && bytes < most_bytes {
            let mut line = Vec::with_capacity(1 << 10);
            if self.0.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            line.pop();
            bytes += line.len();
            lines.push(line);
        }
        Ok(lines)
    }
}
