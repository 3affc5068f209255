-- Whether people finish a version of a journey with the version of the plugin they began with, and which that is.
ALTER TABLE journey_version ADD COLUMN keeps_plugin INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journey_run ADD COLUMN plugin_version TEXT;
