//! Where Corten keeps what it has fetched and made: `$XDG_CACHE_HOME/corten`, else `~/.cache/corten`.

use std::path::PathBuf;

use crate::error::{CliError, Result};

pub fn dir() -> Result<PathBuf> {
    let var = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
    base.map(|base| base.join("corten")).ok_or_else(|| {
        CliError::Says("neither XDG_CACHE_HOME nor HOME names a directory for the cache".into())
    })
}

/// The directory that `fetch` fills; below it lies what the packages install below `/`.
pub fn fetched() -> Result<PathBuf> {
    Ok(dir()?.join("otp"))
}
