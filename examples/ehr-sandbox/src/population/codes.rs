//! The codes that generated people carry. Free code systems only: ICD-10-CM, ICD-10-PCS, RxNorm, LOINC, CVX, HCPCS
//! level II and HL7 tables; no CPT, and no SNOMED CT.

pub(crate) const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
pub(crate) const ICD10PCS: &str = "http://www.cms.gov/Medicare/Coding/ICD10";
pub(crate) const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const CVX: &str = "http://hl7.org/fhir/sid/cvx";
pub(crate) const HCPCS: &str = "http://www.nlm.nih.gov/research/umls/hcpcs";
pub(crate) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";

/// A code of a code system with the text a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "FHIR calls it code")]
pub(crate) struct Code {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    pub(crate) display: &'static str,
}

const fn code(system: &'static str, code: &'static str, display: &'static str) -> Code {
    Code { system, code, display }
}

/// Screening mammography, the observation that closes the breast cancer screening gap.
pub(crate) const MAMMOGRAM: Code = code(LOINC, "24606-6", "MG Breast Screening");

pub(crate) const BLOOD_PRESSURE: Code = code(LOINC, "85354-9", "Blood pressure panel with all children optional");
pub(crate) const SYSTOLIC: Code = code(LOINC, "8480-6", "Systolic blood pressure");
pub(crate) const DIASTOLIC: Code = code(LOINC, "8462-4", "Diastolic blood pressure");
pub(crate) const HEIGHT: Code = code(LOINC, "8302-2", "Body height");
pub(crate) const WEIGHT: Code = code(LOINC, "29463-7", "Body weight");
pub(crate) const BMI: Code = code(LOINC, "39156-5", "Body mass index (BMI) [Ratio]");
pub(crate) const HBA1C: Code = code(LOINC, "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood");
pub(crate) const LDL: Code = code(LOINC, "13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation");
pub(crate) const EGFR: Code = code(
    LOINC,
    "98979-8",
    "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum, Plasma or Blood by Creatinine-based formula (CKD-EPI 2021)",
);
pub(crate) const ALBUMIN_CREATININE: Code = code(LOINC, "9318-7", "Albumin/Creatinine [Mass Ratio] in Urine");
pub(crate) const PHQ9: Code = code(LOINC, "44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]");
pub(crate) const SMOKING: Code = code(LOINC, "72166-2", "Tobacco smoking status");
pub(crate) const PAP: Code = code(LOINC, "10524-7", "Microscopic observation [Identifier] in Cervix by Cyto stain");
pub(crate) const HPV: Code = code(LOINC, "21440-3", "Human papilloma virus 16+18+31+33+35+45+51+52+56 DNA [Presence] in Cervix by Probe");
pub(crate) const FIT: Code = code(LOINC, "29771-3", "Hemoglobin.gastrointestinal.lower [Presence] in Stool by Immunoassay");
pub(crate) const STOOL_DNA: Code =
    code(LOINC, "77353-1", "Noninvasive colorectal cancer DNA and occult blood screening [Interpretation] in Stool Narrative");

pub(crate) const COLONOSCOPY: Code =
    code(HCPCS, "G0121", "Colorectal cancer screening; colonoscopy on individual not meeting criteria for high risk");
pub(crate) const COLONOSCOPY_HIGH_RISK: Code = code(HCPCS, "G0105", "Colorectal cancer screening; colonoscopy on individual at high risk");

pub(crate) const WELCOME_TO_MEDICARE: Code = code(
    HCPCS,
    "G0402",
    "Initial preventive physical examination; face-to-face visit, services limited to new beneficiary during the first 12 months of Medicare enrollment",
);
pub(crate) const WELLNESS_FIRST: Code =
    code(HCPCS, "G0438", "Annual wellness visit; includes a personalized prevention plan of service (PPS), initial visit");
pub(crate) const WELLNESS_LATER: Code =
    code(HCPCS, "G0439", "Annual wellness visit, includes a personalized prevention plan of service (PPS), subsequent visit");
pub(crate) const CLINIC_VISIT: Code = code(HCPCS, "G0463", "Hospital outpatient clinic visit for assessment and management of a patient");
pub(crate) const EMERGENCY_VISIT: Code =
    code(HCPCS, "G0381", "Level 2 hospital emergency department visit provided in a type B emergency department");

pub(crate) const ADULT_EXAM: Code = code(ICD10CM, "Z00.00", "Encounter for general adult medical examination without abnormal findings");
pub(crate) const CHILD_EXAM: Code = code(ICD10CM, "Z00.129", "Encounter for routine child health examination without abnormal findings");

pub(crate) const NO_BREASTS: Code = code(ICD10CM, "Z90.13", "Acquired absence of bilateral breasts and nipples");
pub(crate) const PALLIATIVE: Code = code(ICD10CM, "Z51.5", "Encounter for palliative care");
pub(crate) const PREGNANCY: Code =
    code(ICD10CM, "Z34.90", "Encounter for supervision of normal pregnancy, unspecified, unspecified trimester");

pub(crate) const MASTECTOMY: Code = code(ICD10PCS, "0HTV0ZZ", "Resection of Bilateral Breast, Open Approach");
pub(crate) const KNEE_REPLACEMENT: Code =
    code(ICD10PCS, "0SRC0J9", "Replacement of Right Knee Joint with Synthetic Substitute, Cemented, Open Approach");
pub(crate) const CORONARY_STENT: Code =
    code(ICD10PCS, "027034Z", "Dilation of Coronary Artery, One Artery with Drug-eluting Intraluminal Device, Percutaneous Approach");
pub(crate) const APPENDECTOMY: Code = code(ICD10PCS, "0DTJ4ZZ", "Resection of Appendix, Percutaneous Endoscopic Approach");

pub(crate) const APPENDICITIS: Code = code(ICD10CM, "K35.80", "Unspecified acute appendicitis");

/// A medication and how it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drug {
    pub(crate) code: Code,
    /// The RxNorm ingredient, by which allergies are told.
    pub(crate) ingredient: &'static str,
    pub(crate) sig: &'static str,
}

const fn drug(rxnorm: &'static str, ingredient: &'static str, display: &'static str, sig: &'static str) -> Drug {
    Drug { code: code(RXNORM, rxnorm, display), ingredient, sig }
}

/// Who can have a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    Women,
    Men,
}

/// A lasting condition with its share at four ages and the medications that go with it.
#[derive(Debug)]
pub(crate) struct Chronic {
    pub(crate) code: Code,
    pub(crate) who: Who,
    /// Youngest age of onset in years.
    pub(crate) from_age: i64,
    /// Of 1,000 people: under 40, 40-54, 55-69, 70 and above.
    pub(crate) share: [u32; 4],
    /// Of 1,000 with the condition, how many take one of the drugs.
    pub(crate) treated: u32,
    pub(crate) drugs: &'static [Drug],
}

pub(crate) const HYPERTENSION: &str = "I10";
pub(crate) const DIABETES: &str = "E11.9";
pub(crate) const HYPERLIPIDEMIA: &str = "E78.5";
pub(crate) const DEPRESSION: &str = "F33.1";
pub(crate) const OBESITY: &str = "E66.9";
pub(crate) const KIDNEY_DISEASE: &str = "N18.31";
pub(crate) const CORONARY_DISEASE: &str = "I25.10";
pub(crate) const KNEE_ARTHROSIS: &str = "M17.9";
pub(crate) const COLON_POLYP: &str = "Z86.010";

/// Read from top to bottom: later entries may lean on earlier ones.
pub(crate) const CHRONIC: &[Chronic] = &[
    Chronic {
        code: code(ICD10CM, HYPERTENSION, "Essential (primary) hypertension"),
        who: Who::Anyone,
        from_age: 30,
        share: [60, 270, 480, 640],
        treated: 850,
        drugs: &[
            drug("314076", "29046", "lisinopril 10 MG Oral Tablet", "Take 1 tablet by mouth once daily"),
            drug("197361", "17767", "amlodipine 5 MG Oral Tablet", "Take 1 tablet by mouth once daily"),
            drug("310798", "5487", "hydrochlorothiazide 25 MG Oral Tablet", "Take 1 tablet by mouth every morning"),
        ],
    },
    Chronic {
        code: code(ICD10CM, DIABETES, "Type 2 diabetes mellitus without complications"),
        who: Who::Anyone,
        from_age: 32,
        share: [15, 90, 180, 240],
        treated: 880,
        drugs: &[drug("861007", "6809", "metformin hydrochloride 500 MG Oral Tablet", "Take 1 tablet by mouth twice daily with meals")],
    },
    Chronic {
        code: code(ICD10CM, HYPERLIPIDEMIA, "Hyperlipidemia, unspecified"),
        who: Who::Anyone,
        from_age: 32,
        share: [40, 240, 430, 500],
        treated: 750,
        drugs: &[
            drug("617310", "83367", "atorvastatin 20 MG Oral Tablet", "Take 1 tablet by mouth at bedtime"),
            drug("312961", "36567", "simvastatin 20 MG Oral Tablet", "Take 1 tablet by mouth at bedtime"),
        ],
    },
    Chronic {
        code: code(ICD10CM, OBESITY, "Obesity, unspecified"),
        who: Who::Anyone,
        from_age: 12,
        share: [180, 300, 300, 220],
        treated: 0,
        drugs: &[],
    },
    Chronic {
        code: code(ICD10CM, "J45.909", "Unspecified asthma, uncomplicated"),
        who: Who::Anyone,
        from_age: 4,
        share: [85, 75, 70, 60],
        treated: 950,
        drugs: &[
            drug("895994", "41126", "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler", "Inhale 2 puffs twice daily"),
            drug(
                "745679",
                "435",
                "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
                "Inhale 2 puffs every 4 to 6 hours as needed",
            ),
        ],
    },
    Chronic {
        code: code(ICD10CM, DEPRESSION, "Major depressive disorder, recurrent, moderate"),
        who: Who::Anyone,
        from_age: 14,
        share: [80, 95, 85, 60],
        treated: 720,
        drugs: &[
            drug("312941", "36437", "sertraline 50 MG Oral Tablet", "Take 1 tablet by mouth every morning"),
            drug("349332", "321988", "escitalopram 10 MG Oral Tablet", "Take 1 tablet by mouth once daily"),
        ],
    },
    Chronic {
        code: code(ICD10CM, "E03.9", "Hypothyroidism, unspecified"),
        who: Who::Women,
        from_age: 25,
        share: [30, 80, 120, 150],
        treated: 970,
        drugs: &[drug("10582", "10582", "levothyroxine", "Take 1 tablet by mouth every morning before breakfast")],
    },
    Chronic {
        code: code(ICD10CM, "K21.9", "Gastro-esophageal reflux disease without esophagitis"),
        who: Who::Anyone,
        from_age: 20,
        share: [50, 130, 180, 200],
        treated: 800,
        drugs: &[drug("7646", "7646", "omeprazole", "Take 1 capsule by mouth once daily before a meal")],
    },
    Chronic {
        code: code(ICD10CM, KNEE_ARTHROSIS, "Osteoarthritis of knee, unspecified"),
        who: Who::Anyone,
        from_age: 45,
        share: [0, 60, 190, 300],
        treated: 600,
        drugs: &[
            drug("313782", "161", "acetaminophen 325 MG Oral Tablet", "Take 2 tablets by mouth every 6 hours as needed"),
            drug("849574", "7258", "naproxen sodium 220 MG Oral Tablet", "Take 1 tablet by mouth twice daily as needed"),
        ],
    },
    Chronic {
        code: code(ICD10CM, "J44.9", "Chronic obstructive pulmonary disease, unspecified"),
        who: Who::Anyone,
        from_age: 45,
        share: [0, 30, 80, 120],
        treated: 850,
        drugs: &[drug("69120", "69120", "tiotropium", "Inhale the contents of 1 capsule once daily")],
    },
    Chronic {
        code: code(ICD10CM, CORONARY_DISEASE, "Atherosclerotic heart disease of native coronary artery without angina pectoris"),
        who: Who::Anyone,
        from_age: 45,
        share: [0, 30, 100, 200],
        treated: 950,
        drugs: &[
            drug("243670", "1191", "aspirin 81 MG Oral Tablet", "Take 1 tablet by mouth once daily"),
            drug("309362", "32968", "clopidogrel 75 MG Oral Tablet", "Take 1 tablet by mouth once daily"),
        ],
    },
    Chronic {
        code: code(ICD10CM, KIDNEY_DISEASE, "Chronic kidney disease, stage 3a"),
        who: Who::Anyone,
        from_age: 50,
        share: [0, 15, 60, 140],
        treated: 0,
        drugs: &[],
    },
    Chronic {
        code: code(ICD10CM, "M81.0", "Age-related osteoporosis without current pathological fracture"),
        who: Who::Women,
        from_age: 58,
        share: [0, 0, 110, 230],
        treated: 700,
        drugs: &[drug("46041", "46041", "alendronic acid", "Take 1 tablet by mouth once weekly, upright, with water")],
    },
    Chronic {
        code: code(ICD10CM, "C50.911", "Malignant neoplasm of unspecified site of right female breast"),
        who: Who::Women,
        from_age: 40,
        share: [0, 8, 22, 30],
        treated: 800,
        drugs: &[
            drug("10324", "10324", "tamoxifen", "Take 1 tablet by mouth once daily"),
            drug("84857", "84857", "anastrozole", "Take 1 tablet by mouth once daily"),
        ],
    },
    Chronic {
        code: code(ICD10CM, "C61", "Malignant neoplasm of prostate"),
        who: Who::Men,
        from_age: 52,
        share: [0, 2, 35, 70],
        treated: 400,
        drugs: &[drug("42375", "42375", "leuprolide", "Injection every 3 months")],
    },
    Chronic {
        code: code(ICD10CM, "C18.9", "Malignant neoplasm of colon, unspecified"),
        who: Who::Anyone,
        from_age: 45,
        share: [0, 2, 7, 12],
        treated: 0,
        drugs: &[],
    },
    Chronic {
        code: code(ICD10CM, COLON_POLYP, "Personal history of colon polyps"),
        who: Who::Anyone,
        from_age: 50,
        share: [0, 0, 50, 70],
        treated: 0,
        drugs: &[],
    },
    Chronic {
        code: code(ICD10CM, "F03.90", "Unspecified dementia, unspecified severity, without behavioral disturbance"),
        who: Who::Anyone,
        from_age: 68,
        share: [0, 0, 0, 90],
        treated: 600,
        drugs: &[drug("135447", "135447", "donepezil", "Take 1 tablet by mouth at bedtime")],
    },
    Chronic {
        code: code(ICD10CM, "G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
        who: Who::Women,
        from_age: 14,
        share: [110, 110, 60, 20],
        treated: 700,
        drugs: &[drug("37418", "37418", "sumatriptan", "Take 1 tablet by mouth at onset of migraine; may repeat once after 2 hours")],
    },
    Chronic {
        code: code(ICD10CM, "J30.9", "Allergic rhinitis, unspecified"),
        who: Who::Anyone,
        from_age: 5,
        share: [130, 120, 90, 70],
        treated: 600,
        drugs: &[
            drug("28889", "28889", "loratadine", "Take 1 tablet by mouth once daily as needed"),
            drug("20610", "20610", "cetirizine", "Take 1 tablet by mouth once daily as needed"),
        ],
    },
];

/// An illness that passes.
#[derive(Debug)]
pub(crate) struct Acute {
    pub(crate) code: Code,
    pub(crate) who: Who,
    pub(crate) ages: (i64, i64),
    pub(crate) days: i64,
    pub(crate) drug: Option<Drug>,
}

pub(crate) const ACUTE: &[Acute] = &[
    Acute {
        code: code(ICD10CM, "J06.9", "Acute upper respiratory infection, unspecified"),
        who: Who::Anyone,
        ages: (0, 120),
        days: 9,
        drug: None,
    },
    Acute {
        code: code(ICD10CM, "N39.0", "Urinary tract infection, site not specified"),
        who: Who::Women,
        ages: (16, 120),
        days: 7,
        drug: Some(drug("7454", "7454", "nitrofurantoin", "Take 1 capsule by mouth twice daily for 5 days")),
    },
    Acute {
        code: code(ICD10CM, "J02.0", "Streptococcal pharyngitis"),
        who: Who::Anyone,
        ages: (4, 40),
        days: 10,
        drug: Some(drug("308192", "723", "amoxicillin 500 MG Oral Tablet", "Take 1 tablet by mouth twice daily for 10 days")),
    },
    Acute {
        code: code(ICD10CM, "H66.90", "Otitis media, unspecified, unspecified ear"),
        who: Who::Anyone,
        ages: (1, 9),
        days: 10,
        drug: Some(drug("723", "723", "amoxicillin", "Take by mouth twice daily for 10 days")),
    },
    Acute {
        code: code(ICD10CM, "S93.401A", "Sprain of unspecified ligament of right ankle, initial encounter"),
        who: Who::Anyone,
        ages: (10, 65),
        days: 28,
        drug: Some(drug("310965", "5640", "ibuprofen 200 MG Oral Tablet", "Take 2 tablets by mouth every 6 hours as needed with food")),
    },
];

/// Substances people are allergic to, with a usual reaction; the ingredients that must not be prescribed to them.
#[derive(Debug)]
pub(crate) struct Allergen {
    pub(crate) code: Code,
    pub(crate) reaction: &'static str,
    pub(crate) avoid: &'static [&'static str],
}

pub(crate) const ALLERGENS: &[Allergen] = &[
    Allergen { code: code(RXNORM, "7980", "penicillin G"), reaction: "Hives", avoid: &["723", "7980"] },
    Allergen { code: code(RXNORM, "10180", "sulfamethoxazole"), reaction: "Rash", avoid: &["10180"] },
    Allergen { code: code(RXNORM, "5640", "ibuprofen"), reaction: "Facial swelling", avoid: &["5640", "7258", "1191"] },
    Allergen { code: code(RXNORM, "2670", "codeine"), reaction: "Nausea and vomiting", avoid: &["2670"] },
    Allergen { code: code(RXNORM, "29046", "lisinopril"), reaction: "Angioedema", avoid: &["29046"] },
];

/// A vaccine by CVX.
pub(crate) const fn vaccine(cvx: &'static str, display: &'static str) -> Code {
    code(CVX, cvx, display)
}

pub(crate) const FLU: Code = vaccine("150", "Influenza, split virus, quadrivalent, PF");
pub(crate) const FLU_HIGH_DOSE: Code = vaccine("197", "Influenza, high-dose, quadrivalent");
pub(crate) const ZOSTER: Code = vaccine("187", "zoster recombinant");
pub(crate) const PNEUMOCOCCAL_20: Code = vaccine("216", "Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF");
pub(crate) const TDAP: Code = vaccine("115", "Tdap");
pub(crate) const HPV9: Code = vaccine("165", "HPV9");

/// Doses of childhood: vaccine and the days of life of each dose.
pub(crate) const CHILDHOOD: &[(Code, &[i64])] = &[
    (vaccine("08", "Hep B, adolescent or pediatric"), &[1, 62, 190]),
    (vaccine("20", "DTaP"), &[62, 123, 185, 470, 1_500]),
    (vaccine("10", "IPV"), &[62, 123, 190, 1_500]),
    (vaccine("48", "Hib (PRP-T)"), &[62, 123, 185, 390]),
    (vaccine("133", "Pneumococcal conjugate PCV 13"), &[62, 123, 185, 390]),
    (vaccine("119", "rotavirus, monovalent"), &[62, 123]),
    (vaccine("03", "MMR"), &[380, 1_500]),
    (vaccine("21", "varicella"), &[380, 1_500]),
    (vaccine("83", "Hep A, ped/adol, 2 dose"), &[400, 600]),
    (TDAP, &[4_080]),
    (HPV9, &[4_090, 4_290]),
    (vaccine("114", "meningococcal MCV4P"), &[4_100]),
];
