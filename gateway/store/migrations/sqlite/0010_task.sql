-- One row is something staff is to do about a patient. `origin` says where it comes from; what belongs to another origin is null.
CREATE TABLE task (
    id BLOB PRIMARY KEY,
    patient_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    note TEXT,
    origin TEXT NOT NULL,
    made_by BLOB,
    journey_id BLOB,
    run_id BLOB,
    step TEXT,
    message_id BLOB,
    status TEXT NOT NULL,
    assigned_user BLOB,
    assigned_role TEXT,
    due_on INTEGER,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_by BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX task_of_step ON task (run_id, step) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX task_of_message ON task (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX task_of_patient ON task (patient_no);
CREATE INDEX task_by_status ON task (status, due_on);

ALTER TABLE write_back_scope ADD COLUMN tasks INTEGER NOT NULL DEFAULT 0;
