-- What could not be read is kept whole, packed like resources (encoding 0 is plain, 1 is zstd), so that it can be read again. `kind` is
-- the reason without what differs from line to line. `whole` is 0 where only the beginning was kept.
ALTER TABLE quarantine ADD COLUMN status TEXT NOT NULL DEFAULT 'open';
ALTER TABLE quarantine ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN resource_key BYTEA;
ALTER TABLE quarantine ADD COLUMN whole BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN resolved_at BIGINT;
ALTER TABLE quarantine ADD COLUMN encoding BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quarantine ADD COLUMN body BYTEA NOT NULL DEFAULT '';
-- Lines kept before had lost the bytes that are no UTF-8 (replaced by U+FFFD), and what was longer than 64 KB.
UPDATE quarantine SET kind = reason, body = convert_to(raw, 'UTF8'),
    whole = CASE WHEN octet_length(raw) < 65536 AND strpos(raw, chr(65533)) = 0 THEN 1 ELSE 0 END;
UPDATE quarantine SET raw = '';
CREATE INDEX quarantine_of_source ON quarantine (source_no, status, at);
CREATE INDEX quarantine_open_resource ON quarantine (source_no, resource_key) WHERE status = 'open';

-- Lines that were counted and not kept, because as many as are kept were open already.
ALTER TABLE source ADD COLUMN quarantine_not_kept BIGINT NOT NULL DEFAULT 0;
