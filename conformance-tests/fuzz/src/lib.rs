//! What must hold for whatever bytes a server sends. The fuzz targets and the tests run the same oracles.

pub mod oracles;
pub use oracles::*;
