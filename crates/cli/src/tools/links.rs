//! A directory of links to this program under the names of OTP's and Elixir's tools.
//!
//! It stands first in the PATH of everything that Corten starts, so that a script's `erl` is Corten and
//! `ps` shows `beam.smp`. It lies in the cache and is named after the program's path: two Cortens do
//! not share one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::error::{Result, file};

const NAMES: [&str; 10] = [
    "corten", "beam.smp", "erl", "erlc", "escript", "elixir", "elixirc", "iex", "mix", "rebar3",
];

#[derive(Debug)]
pub struct Links {
    dir: PathBuf,
}

/// This program under the name of the emulator, if there can be links, and PATH as what it starts should see it.
pub fn emulator_and_path(path: &OsStr) -> Result<(PathBuf, OsString)> {
    match Links::make() {
        Ok(links) => Ok((links.path_of("beam.smp"), links.in_front_of(path))),
        // Without a cache to write to, a node still starts; only the `erl` that it starts may be another.
        Err(_) => {
            let program =
                std::env::current_exe().map_err(file("find the path of", "this program"))?;
            Ok((program, path.to_owned()))
        }
    }
}

impl Links {
    /// The directory, made or repaired if need be.
    pub fn make() -> Result<Links> {
        let program = std::env::current_exe().map_err(file("find the path of", "this program"))?;
        let mut hasher = DefaultHasher::new();
        program.hash(&mut hasher);
        let dir = crate::otp::cache::dir()?.join(format!("bin-{:016x}", hasher.finish()));
        let links = Links { dir };
        for name in NAMES {
            links.link(name, &program)?;
        }
        Ok(links)
    }

    fn link(&self, name: &str, program: &Path) -> Result<()> {
        let link = self.path_of(name);
        if fs::read_link(&link).is_ok_and(|target| target == program) {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).map_err(file("create", &self.dir))?;
        // Made aside and renamed: another Corten may be doing the same.
        let aside = self.dir.join(format!(".{name}.{}", std::process::id()));
        symlink(program, &aside).map_err(file("create", &aside))?;
        fs::rename(&aside, &link).map_err(file("create", &link))
    }

    pub fn path_of(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// PATH with this directory first, and only there.
    pub fn in_front_of(&self, path: &OsStr) -> OsString {
        let mut new = self.dir.clone().into_os_string();
        for dir in std::env::split_paths(path).filter(|dir| *dir != self.dir) {
            new.push(":");
            new.push(dir);
        }
        new
    }

    /// Is this the directory of links of this or another Corten?
    pub fn is_one(dir: &Path) -> bool {
        dir.file_name()
            .and_then(OsStr::to_str)
            .is_some_and(|name| name.starts_with("bin-"))
            && crate::otp::cache::dir().is_ok_and(|cache| dir.starts_with(cache))
    }
}
