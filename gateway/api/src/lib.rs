//! Adapter: the HTTP surface
