//! What the program can do, one file a command.

pub(crate) mod apply;
pub(crate) mod author;
pub(crate) mod demo;
pub(crate) mod dev;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod mapping;
pub(crate) mod measure;
pub(crate) mod package;
pub(crate) mod plugin;
pub(crate) mod quarantine;
pub(crate) mod serve;
pub(crate) mod source;
pub(crate) mod sync;
pub(crate) mod terminology;
pub(crate) mod user;
