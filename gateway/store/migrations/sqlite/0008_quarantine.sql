-- What could not be read is kept whole, packed like resources (encoding 0 is plain, 1 is zstd), so that it can be read again. `kind` is
-- the reason without what differs from line to line. `whole` is 0 where only the beginning was kept.
ALTER TABLE quarantine ADD COLUMN status TEXT NOT NULL DEFAULT 'open';
ALTER TABLE quarantine ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN resource_key BLOB;
ALTER TABLE quarantine ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN resolved_at INTEGER;
ALTER TABLE quarantine ADD COLUMN encoding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN body BLOB NOT NULL DEFAULT x'';
-- Lines kept before had lost the bytes that are no UTF-8 (replaced by U+FFFD), and what was longer than 64 KB.
UPDATE quarantine SET kind = reason, body = CAST(raw AS BLOB), whole = length(CAST(raw AS BLOB)) < 65536 AND instr(raw, char(65533)) = 0;
UPDATE quarantine SET raw = '';
CREATE INDEX quarantine_of_source ON quarantine (source_no, status, at);
CREATE INDEX quarantine_open_resource ON quarantine (source_no, resource_key) WHERE status = 'open';

-- Lines that were counted and not kept, because as many as are kept were open already.
ALTER TABLE source ADD COLUMN quarantine_not_kept INTEGER NOT NULL DEFAULT 0;
