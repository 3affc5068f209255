-- Where a message went, as a key of the address; and by which id its provider knows it.
ALTER TABLE message ADD COLUMN address_key BYTEA;
CREATE INDEX message_of_address ON message (address_key, handed_at) WHERE address_key IS NOT NULL;
CREATE INDEX message_of_provider ON message (provider_id) WHERE provider_id IS NOT NULL;

-- One row is an address by which somebody asked for no more messages.
CREATE TABLE refused_address (
    address_key BYTEA NOT NULL PRIMARY KEY,
    medium TEXT NOT NULL,
    refused_at BIGINT NOT NULL,
    evidence TEXT NOT NULL
);
