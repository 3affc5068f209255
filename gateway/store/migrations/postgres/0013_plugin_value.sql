-- Small things plugins keep from call to call, each for itself.
CREATE TABLE plugin_value (
    plugin TEXT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (plugin, key)
);
