//! Finds an installed OTP and Elixir.
//!
//! Order: the variable (`CORTEN_OTP_ROOT`, `CORTEN_ELIXIR_ROOT`; a wrong one is an error), the PATH (never
//! Corten itself), what `fetch` has put into the cache. Programs on PATH are read, not run, as long as
//! their text tells where they belong.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cache;
use crate::emulator::flags::RELEASES;
use crate::erlexec::Installation;
use crate::error::{CliError, Result};
use crate::tools::links::Links;

/// Elixir before this does not run on the supported OTP.
const OLDEST_ELIXIR: (u32, u32) = (1, 17);
/// Set while a program on PATH is asked where it belongs; a Corten that sees it has been asked by itself.
pub const ASKING: &str = "CORTEN_IS_ASKING";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Variable(&'static str),
    Path,
    Cache,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Variable(name) => f.write_str(name),
            Origin::Path => f.write_str("PATH"),
            Origin::Cache => f.write_str("cache"),
        }
    }
}

#[derive(Debug)]
pub struct Otp {
    pub root: PathBuf,
    pub bindir: PathBuf,
    /// Such as `27.3.4.1`; the release alone where no file says more.
    pub version: String,
    pub erts_version: String,
    pub release: u32,
    pub origin: Origin,
}

#[derive(Debug)]
pub struct Elixir {
    pub root: PathBuf,
    pub version: String,
    pub origin: Origin,
}

impl Otp {
    pub fn find() -> Result<Otp> {
        let mut tried = Vec::new();
        if let Some(root) = std::env::var_os("CORTEN_OTP_ROOT") {
            return Otp::at(Path::new(&root), Origin::Variable("CORTEN_OTP_ROOT"));
        }
        tried.push("CORTEN_OTP_ROOT is not set".to_string());
        for erl in on_path("erl") {
            match root_of_erl(&erl).map(|root| Otp::at(&root, Origin::Path)) {
                Some(Ok(otp)) => return Ok(otp),
                Some(Err(CliError::Unsupported { found, .. })) => {
                    tried.push(format!("{} on PATH is {found}", erl.display()));
                }
                _ => tried.push(format!(
                    "{} on PATH does not tell where its OTP is",
                    erl.display()
                )),
            }
        }
        if tried.len() == 1 {
            tried.push("no erl on PATH".into());
        }
        let root = cache::fetched()?.join("root/usr/lib/erlang");
        if root.is_dir() {
            return Otp::at(&root, Origin::Cache);
        }
        tried.push(format!("nothing at {}", root.display()));
        Err(CliError::NotFound { what: "OTP", tried })
    }

    /// The installation at `root`, if its release is supported.
    pub fn at(root: &Path, origin: Origin) -> Result<Otp> {
        let root = fs::canonicalize(root).map_err(crate::error::file("find OTP at", root))?;
        let erts_version = erts_version(&root).ok_or_else(|| CliError::Unsupported {
            what: root.clone(),
            found: "not an OTP installation".into(),
            wanted: "a directory with erts-VERSION/bin".into(),
        })?;
        let release = release_of(&erts_version).unwrap_or(0);
        let version = fs::read_to_string(root.join(format!("releases/{release}/OTP_VERSION")))
            .map(|text| text.trim().to_string())
            .unwrap_or_else(|_| release.to_string());
        if !RELEASES.contains(&release) {
            return Err(CliError::Unsupported {
                what: root,
                found: format!("OTP {version} (erts {erts_version})"),
                wanted: crate::emulator::wanted_otp(),
            });
        }
        let bindir = root.join(format!("erts-{erts_version}/bin"));
        Ok(Otp {
            root,
            bindir,
            version,
            erts_version,
            release,
            origin,
        })
    }

    pub fn installation(&self) -> Installation {
        Installation {
            root: self.root.clone(),
            bindir: self.bindir.clone(),
            progname: "erl".into(),
            emu: "beam".into(),
            release: self.release,
        }
    }
}

impl Elixir {
    pub fn find() -> Result<Elixir> {
        let mut tried = Vec::new();
        if let Some(root) = std::env::var_os("CORTEN_ELIXIR_ROOT") {
            return Elixir::at(Path::new(&root), Origin::Variable("CORTEN_ELIXIR_ROOT"));
        }
        tried.push("CORTEN_ELIXIR_ROOT is not set".to_string());
        // An OTP that is chosen may have its own Elixir beside it, as the distribution's packages do.
        if let Some(root) = std::env::var_os("CORTEN_OTP_ROOT") {
            let beside = Path::new(&root).join("../elixir");
            if beside.join("lib/elixir/ebin/elixir.app").is_file() {
                return Elixir::at(&beside, Origin::Variable("CORTEN_OTP_ROOT"));
            }
        }
        for program in on_path("elixir") {
            match root_of_elixir(&program).map(|root| Elixir::at(&root, Origin::Path)) {
                Some(Ok(elixir)) => return Ok(elixir),
                Some(Err(error)) => tried.push(error.to_string()),
                None => tried.push(format!(
                    "{} on PATH does not tell where its Elixir is",
                    program.display()
                )),
            }
        }
        if tried.len() == 1 {
            tried.push("no elixir on PATH".into());
        }
        let root = cache::fetched()?.join("root/usr/lib/elixir");
        if root.is_dir() {
            return Elixir::at(&root, Origin::Cache);
        }
        tried.push(format!("nothing at {}", root.display()));
        Err(CliError::NotFound {
            what: "Elixir",
            tried,
        })
    }

    pub fn at(root: &Path, origin: Origin) -> Result<Elixir> {
        let root = fs::canonicalize(root).map_err(crate::error::file("find Elixir at", root))?;
        let unsupported = |found: String| CliError::Unsupported {
            what: root.clone(),
            found,
            wanted: format!("Elixir {}.{} or newer", OLDEST_ELIXIR.0, OLDEST_ELIXIR.1),
        };
        let app = fs::read_to_string(root.join("lib/elixir/ebin/elixir.app"));
        let version = app
            .ok()
            .and_then(|app| vsn_of(&app))
            .ok_or_else(|| unsupported("not Elixir".into()))?;
        if major_minor(&version) < OLDEST_ELIXIR {
            return Err(unsupported(format!("Elixir {version}")));
        }
        Ok(Elixir {
            root,
            version,
            origin,
        })
    }
}

/// The rebar3 on PATH or in the cache: an escript.
pub fn rebar3() -> Result<PathBuf> {
    let is_script = |path: &PathBuf| fs::read(path).is_ok_and(|text| text.starts_with(b"#!"));
    let cached = cache::fetched()?.join("root/usr/bin/rebar3");
    on_path("rebar3")
        .into_iter()
        .chain([cached])
        .find(is_script)
        .ok_or_else(|| CliError::NotFound {
            what: "rebar3",
            tried: vec!["none on PATH".into(), "none in the cache".into()],
        })
}

/// The version of the run-time system that an installation or a release starts.
pub fn erts_version(root: &Path) -> Option<String> {
    let exists = |version: &String| root.join(format!("erts-{version}/bin")).is_dir();
    let data = fs::read_to_string(root.join("releases/start_erl.data")).unwrap_or_default();
    if let Some(version) = data
        .split_whitespace()
        .next()
        .map(String::from)
        .filter(exists)
    {
        return Some(version);
    }
    let dirs = fs::read_dir(root).ok()?.flatten();
    let versions = dirs.filter_map(|dir| {
        dir.file_name()
            .to_str()?
            .strip_prefix("erts-")
            .map(String::from)
    });
    versions
        .filter(exists)
        .max_by_key(|version| numbers(version))
}

/// Each release of OTP has one major version of the run-time system: 27 has 15.
pub fn release_of(erts_version: &str) -> Option<u32> {
    numbers(erts_version).first().map(|major| major + 12)
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect()
}

fn major_minor(version: &str) -> (u32, u32) {
    let parts = numbers(version);
    (
        parts.first().copied().unwrap_or(0),
        parts.get(1).copied().unwrap_or(0),
    )
}

fn vsn_of(app: &str) -> Option<String> {
    let after = app.split("{vsn,").nth(1)?.trim_start().strip_prefix('"')?;
    Some(after.split('"').next()?.to_string())
}

/// Every executable file of this name on PATH that is not Corten.
fn on_path(name: &str) -> Vec<PathBuf> {
    let this = std::env::current_exe()
        .ok()
        .and_then(|exe| fs::canonicalize(exe).ok());
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute() && !Links::is_one(dir))
        .map(|dir| dir.join(name))
        .filter(|file| {
            fs::metadata(file)
                .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
        })
        .filter(|file| fs::canonicalize(file).ok() != this)
        .collect()
}

fn root_of_erl(erl: &Path) -> Option<PathBuf> {
    let is_root = |root: &Path| erts_version(root).is_some();
    let file = fs::canonicalize(erl).ok()?;
    // ROOT/bin/erl or ROOT/erts-VERSION/bin/erl.
    if let Some(root) = file.ancestors().skip(2).take(2).find(|dir| is_root(dir)) {
        return Some(root.to_path_buf());
    }
    let text = script_text(&file);
    let assigned = |line: &[u8]| {
        let value = line.strip_prefix(b"ROOTDIR=")?;
        let end = value
            .iter()
            .position(|b| b" \t;".contains(b))
            .unwrap_or(value.len());
        Some(PathBuf::from(
            OsStr::from_bytes(value[..end].trim_ascii()).to_owned(),
        ))
    };
    let from_text = text.as_ref().and_then(|text| {
        let words = text
            .split(|b| *b == b'\n')
            .map(|line| line.trim_ascii_start());
        words
            .filter_map(assigned)
            .map(unquoted)
            .find(|root| root.is_absolute() && is_root(root))
    });
    from_text.or_else(|| ask(erl).filter(|root| is_root(root)))
}

fn root_of_elixir(program: &Path) -> Option<PathBuf> {
    let is_root = |root: &Path| root.join("lib/elixir/ebin/elixir.app").is_file();
    let file = fs::canonicalize(program).ok()?;
    let own = file
        .ancestors()
        .nth(2)
        .filter(|dir| is_root(dir))
        .map(Path::to_path_buf);
    own.or_else(|| {
        // A wrapper names the program that it executes.
        let text = script_text(&file)?;
        let words = text
            .split(|b| b" \t\n\"'".contains(b))
            .filter(|word| word.ends_with(b"/bin/elixir"));
        words
            .filter_map(|word| {
                Path::new(OsStr::from_bytes(word))
                    .ancestors()
                    .nth(2)
                    .map(Path::to_path_buf)
            })
            .find(|root| root.is_absolute() && is_root(root))
    })
}

/// The text of a script that is not unreasonably long.
fn script_text(file: &Path) -> Option<Vec<u8>> {
    let small = fs::metadata(file).is_ok_and(|meta| meta.len() < 64 << 10);
    let text = if small {
        fs::read(file).ok()?
    } else {
        return None;
    };
    text.starts_with(b"#!").then_some(text)
}

fn unquoted(path: PathBuf) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let inner = bytes
        .iter()
        .copied()
        .filter(|b| !b"\"'".contains(b))
        .collect();
    PathBuf::from(OsString::from_vec(inner))
}

/// Runs the program to hear where its OTP is; for version managers whose `erl` is a shim. The answer is kept
/// until the program changes.
fn ask(erl: &Path) -> Option<PathBuf> {
    if std::env::var_os(ASKING).is_some() {
        return None;
    }
    let changed = fs::metadata(erl).ok()?.modified().ok()?;
    let stamp = changed
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?
        .as_nanos();
    let key = format!("{}\n{stamp}\n", erl.display());
    let memo = cache::dir().ok()?.join("asked");
    if let Some(root) = fs::read_to_string(&memo)
        .ok()
        .and_then(|text| text.strip_prefix(&key).map(PathBuf::from))
    {
        return Some(root);
    }
    let answer = Command::new(erl)
        .args([
            "-noshell",
            "-eval",
            "io:put_chars(code:root_dir()), halt().",
        ])
        .env(ASKING, "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let root = PathBuf::from(OsString::from_vec(answer.stdout));
    if answer.status.success() && root.is_absolute() {
        // Only a memo: without it the program is asked again.
        let _ = fs::create_dir_all(memo.parent()?);
        let _ = fs::write(&memo, format!("{key}{}", root.display()));
        return Some(root);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("corten-find-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        dir
    }

    #[test]
    fn reads_versions_of_an_installation() {
        let dir = tree(
            "otp",
            &[
                ("erts-15.2.7/bin/erl", "#!/bin/sh"),
                ("erts-15.10/bin/erl", "#!/bin/sh"),
                ("releases/27/OTP_VERSION", "27.3.4.1\n"),
            ],
        );
        let otp = Otp::at(&dir, Origin::Path).expect("an OTP");
        assert_eq!(
            (otp.version.as_str(), otp.erts_version.as_str()),
            ("27.3.4.1", "15.10")
        );
        fs::create_dir_all(dir.join("erts-13.1/bin")).expect("a directory");
        fs::write(dir.join("releases/start_erl.data"), "13.1 25\n").expect("a file");
        assert!(matches!(
            Otp::at(&dir, Origin::Path),
            Err(CliError::Unsupported { .. })
        ));
        fs::remove_dir_all(dir).expect("removed");
    }

    #[test]
    fn reads_wrappers_instead_of_running_them() {
        let dir = tree(
            "wrap",
            &[
                ("r/erts-15.2/bin/x", ""),
                (
                    "e/lib/elixir/ebin/elixir.app",
                    "{application,elixir,[{vsn,\"1.18.3\"}]}.",
                ),
            ],
        );
        let root = dir.display();
        fs::write(
            dir.join("erl"),
            format!("#!/bin/sh\nROOTDIR=\"{root}/r\" EMU=beam\n"),
        )
        .expect("a file");
        fs::write(
            dir.join("elixir"),
            format!("#!/bin/sh\nexec {root}/e/bin/elixir \"$@\"\n"),
        )
        .expect("a file");
        assert_eq!(root_of_erl(&dir.join("erl")), Some(dir.join("r")));
        let elixir = root_of_elixir(&dir.join("elixir")).expect("a root");
        assert_eq!(
            Elixir::at(&elixir, Origin::Path)
                .expect("an Elixir")
                .version,
            "1.18.3"
        );
        fs::remove_dir_all(dir).expect("removed");
    }
}
