//! `corten disasm FILE…`: the instructions of compiled modules as text, on standard output.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::error::{CliError, Result, file};

pub fn main(args: &[OsString]) -> Result<()> {
    if args.is_empty() {
        return Err(CliError::Usage("usage: corten disasm FILE.beam …".into()));
    }
    for path in args.iter().map(Path::new) {
        let bytes = fs::read(path).map_err(file("read", path))?;
        let refused =
            |error: &dyn std::fmt::Display| CliError::Says(format!("{}: {error}", path.display()));
        let module = corten_loader::load(&bytes).map_err(|error| refused(&error))?;
        let mut text = String::new();
        corten_loader::disasm::write_module(&mut text, &module).map_err(|error| refused(&error))?;
        crate::out(&text);
    }
    Ok(())
}
