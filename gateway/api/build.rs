//! Makes the folder of the built console where it is not there yet, so that a clone compiles before `npm` ran.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    fs::create_dir_all(Path::new("..").join("web").join("dist"))?;
    println!("cargo::rerun-if-changed=../web/dist");
    Ok(())
}
