-- One row is something staff is to do about a patient. `origin` says where it comes from; what belongs to another origin is null.
CREATE TABLE task (
    id BYTEA PRIMARY KEY,
    patient_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    note TEXT,
    origin TEXT NOT NULL,
    made_by BYTEA,
    journey_id BYTEA,
    run_id BYTEA,
    step TEXT,
    message_id BYTEA,
    status TEXT NOT NULL,
    assigned_user BYTEA,
    assigned_role TEXT,
    due_on BIGINT,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by BYTEA
);
CREATE UNIQUE INDEX task_of_step ON task (run_id, step) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX task_of_message ON task (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX task_of_patient ON task (patient_no);
CREATE INDEX task_by_status ON task (status, due_on);

ALTER TABLE write_back_scope ADD COLUMN tasks BIGINT NOT NULL DEFAULT 0;
