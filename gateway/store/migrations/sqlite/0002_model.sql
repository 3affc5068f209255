-- One row is a code of a terminology.
CREATE TABLE code (
    id INTEGER PRIMARY KEY,
    system TEXT NOT NULL,
    code TEXT NOT NULL,
    display TEXT,
    UNIQUE (system, code)
) STRICT;

-- One row is a person's record. `demographics` is the document; the other columns are read out of it for lists and the gate.
CREATE TABLE patient (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source_no INTEGER NOT NULL REFERENCES source (no),
    fhir_id TEXT NOT NULL,
    status TEXT NOT NULL,
    replaced_by TEXT,
    family_sort TEXT NOT NULL,
    given_sort TEXT NOT NULL,
    name TEXT NOT NULL,
    name_search TEXT NOT NULL,
    identifier_search TEXT NOT NULL,
    birth INTEGER,
    birth_day INTEGER,
    sex INTEGER NOT NULL,
    deceased INTEGER NOT NULL,
    managing_organization TEXT,
    demographics TEXT NOT NULL,
    data_quality TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (source_no, fhir_id)
) STRICT;
CREATE INDEX patient_by_name ON patient (family_sort, given_sort, id);
CREATE INDEX patient_by_organization ON patient (source_no, managing_organization) WHERE managing_organization IS NOT NULL;

-- One row is a clinical statement, beside the other facts of its patient. `start_at` and `end_at` are milliseconds since 1970 times
-- four plus the precision (0 year, 1 month, 2 day, 3 instant); `codes` are four-byte code ids, one after the other.
CREATE TABLE fact (
    patient_no INTEGER NOT NULL,
    resource_key BLOB NOT NULL,
    part INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    codes BLOB NOT NULL,
    flags INTEGER NOT NULL,
    start_at INTEGER,
    end_at INTEGER,
    value REAL,
    unit INTEGER,
    value_code INTEGER,
    encounter BLOB,
    text TEXT,
    PRIMARY KEY (patient_no, resource_key, part)
) STRICT, WITHOUT ROWID;

-- One row is a care team of a patient.
CREATE TABLE care_team (
    patient_no INTEGER NOT NULL,
    resource_key BLOB NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (patient_no, resource_key)
) STRICT, WITHOUT ROWID;

-- One row is an organization.
CREATE TABLE account (
    resource_key BLOB PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source_no INTEGER NOT NULL REFERENCES source (no),
    fhir_id TEXT NOT NULL,
    name_sort TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX account_by_name ON account (name_sort, id);

-- One row is a person who cares for patients.
CREATE TABLE practitioner (
    resource_key BLOB PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    source_no INTEGER NOT NULL REFERENCES source (no),
    fhir_id TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row is a patient that waits for an evaluation. `mark` grows with each change; `lease_until` is 0 while nobody works on it.
CREATE TABLE dirty_patient (
    patient_no INTEGER PRIMARY KEY,
    source_no INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    since INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;
