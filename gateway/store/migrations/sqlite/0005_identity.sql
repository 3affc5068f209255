-- One row is a person with more than one record. `primary_no` is the record that is written to; there is none where none may be, and
-- `trouble` says why where that is the fault of the links.
CREATE TABLE person (
    no INTEGER PRIMARY KEY,
    primary_no INTEGER,
    trouble TEXT,
    since INTEGER NOT NULL
) STRICT;

-- The person a record belongs to; null where it is the only one.
ALTER TABLE patient ADD COLUMN person_no INTEGER;
CREATE INDEX patient_of_person ON patient (person_no) WHERE person_no IS NOT NULL;

-- One row is what a record says of another record of its source. `other` is a FHIR id, or empty where it can't be told.
CREATE TABLE patient_link (
    patient_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    other TEXT NOT NULL,
    source_no INTEGER NOT NULL,
    PRIMARY KEY (patient_no, kind, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_link_to ON patient_link (source_no, other);
INSERT INTO patient_link (patient_no, kind, other, source_no)
    SELECT no, 'replaced-by', coalesce(replaced_by, ''), source_no FROM patient WHERE status = 'merged' OR replaced_by IS NOT NULL;

-- One row is an identifier of a trusted system, by sixteen bytes of a hash of system and value.
CREATE TABLE patient_identifier (
    key BLOB NOT NULL,
    patient_no INTEGER NOT NULL,
    PRIMARY KEY (key, patient_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_identifier_of ON patient_identifier (patient_no);

-- One row is what staff said about two records, the lower number first.
CREATE TABLE identity_decision (
    a_no INTEGER NOT NULL,
    b_no INTEGER NOT NULL,
    decision TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (a_no, b_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_decision_of ON identity_decision (b_no);

-- One row is something about two records, or one, that staff has to look at.
CREATE TABLE identity_question (
    a_no INTEGER NOT NULL,
    b_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    system TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (a_no, b_no, kind, system)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_question_of ON identity_question (b_no);

-- The one row says by which rules records are linked, and up to which record that was done. Whoever changes identities locks it.
CREATE TABLE identity_state (
    no INTEGER PRIMARY KEY,
    rules TEXT NOT NULL,
    resolved_until INTEGER NOT NULL
) STRICT;
INSERT INTO identity_state (no, rules, resolved_until) VALUES (1, '', 0);

-- The record a decision was given for, where this row repeats it for another record of the same person.
ALTER TABLE consent ADD COLUMN shared_from INTEGER;
