//! `corten swap DIR`: makes this program the emulator of an OTP tree or of a release; `--undo` takes it back.
//!
//! The original stays beside it as `beam.smp.orig`. Every step is a rename, so a node that starts
//! meanwhile gets the one or the other; doing it twice does nothing more.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::emulator::{PRELOADED, flags::RELEASES, preloaded_dirs, wanted_otp};
use crate::error::{CliError, Result, file};
use crate::otp::find::{self, Otp};

const USAGE: &str = "usage: corten swap [--undo] DIR
  puts this program in the place of erts-VERSION/bin/beam.smp in DIR, an OTP installation or a release;
  the original stays beside it as beam.smp.orig, and --undo puts it back";

/// Stands in this program and so tells a Corten from another emulator.
const MARK: &[u8] = b"this emulator is Corten, put here by `corten swap`";
/// In a directory of preloaded modules that `swap` has made.
const MADE_HERE: &str = ".made-by-corten-swap";

pub fn main(args: &[OsString]) -> Result<()> {
    let undo = args.iter().any(|arg| arg == "--undo");
    let dirs: Vec<&OsString> = args.iter().filter(|arg| *arg != "--undo").collect();
    match dirs.as_slice() {
        [dir] if !dir.to_string_lossy().starts_with('-') => {
            let place = Place::at(Path::new(dir))?;
            let said = if undo { place.undo()? } else { place.swap()? };
            crate::out(&format!("{said}\n"));
            Ok(())
        }
        _ => Err(CliError::Usage(USAGE.into())),
    }
}

#[derive(Debug)]
struct Place {
    root: PathBuf,
    bindir: PathBuf,
    erts_version: String,
}

impl Place {
    fn at(dir: &Path) -> Result<Place> {
        let root = fs::canonicalize(dir).map_err(file("find", dir))?;
        let wrong = |found: String, wanted: String| CliError::Unsupported {
            what: root.clone(),
            found,
            wanted,
        };
        let erts_version = find::erts_version(&root).ok_or_else(|| {
            wrong(
                "without erts-VERSION/bin".into(),
                "an OTP installation, or a release that includes the run-time system,".into(),
            )
        })?;
        let release = find::release_of(&erts_version).unwrap_or(0);
        if !RELEASES.contains(&release) {
            return Err(wrong(
                format!("built with erts {erts_version} (OTP {release})"),
                wanted_otp(),
            ));
        }
        let bindir = root.join(format!("erts-{erts_version}/bin"));
        Ok(Place {
            bindir,
            erts_version,
            root,
        })
    }

    fn emulator(&self) -> PathBuf {
        self.bindir.join("beam.smp")
    }

    fn original(&self) -> PathBuf {
        self.bindir.join("beam.smp.orig")
    }

    /// Where `swap` puts the preloaded modules of a release that came without them.
    fn own_ebin(&self) -> PathBuf {
        self.root.join(format!("erts-{}/ebin", self.erts_version))
    }

    fn swap(&self) -> Result<String> {
        let (emulator, original) = (self.emulator(), self.original());
        let this = std::env::current_exe().map_err(file("find the path of", "this program"))?;
        let there = fs::read(&emulator).map_err(file("read", &emulator))?;
        self.provide_preloaded()?;
        if is_corten(&there) {
            if !original.is_file() {
                return Err(CliError::Says(format!(
                    "{} is Corten already, but its original is gone",
                    emulator.display()
                )));
            }
            if fs::read(&this).map_err(file("read", &this))? == there {
                return Ok(format!("{} is this Corten already", emulator.display()));
            }
        } else {
            // A fresh installation over an old swap: its emulator is the original now.
            self.replace(&original, &emulator)?;
        }
        self.replace(&emulator, &this)?;
        Ok(format!(
            "{} is Corten now; {} keeps the original",
            emulator.display(),
            original.display()
        ))
    }

    fn undo(&self) -> Result<String> {
        let (emulator, original) = (self.emulator(), self.original());
        let there = fs::read(&emulator).map_err(file("read", &emulator))?;
        let ebin = self.own_ebin();
        if ebin.join(MADE_HERE).is_file() {
            fs::remove_dir_all(&ebin).map_err(file("remove", &ebin))?;
        }
        if !is_corten(&there) {
            return Ok(format!(
                "{} is not Corten: nothing to undo",
                emulator.display()
            ));
        }
        fs::rename(&original, &emulator).map_err(file("put back", &original))?;
        Ok(format!("{} is the original again", emulator.display()))
    }

    /// Puts a copy of `source` in the place of `target`, all or nothing.
    fn replace(&self, target: &Path, source: &Path) -> Result<()> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let aside = self.bindir.join(format!(".{name}.{}", std::process::id()));
        let copied = fs::copy(source, &aside)
            .and_then(|_| fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)))
            .and_then(|()| File::open(&aside)?.sync_all())
            .and_then(|()| fs::rename(&aside, target));
        copied.map_err(|error: io::Error| {
            // The copy is of no use; why it failed is what matters.
            let _ = fs::remove_file(&aside);
            file("write", target)(error)
        })
    }

    /// OTP's emulator carries the preloaded modules in itself, so a release may come without their files.
    fn provide_preloaded(&self) -> Result<()> {
        let has_all = |dir: &PathBuf| {
            PRELOADED
                .iter()
                .all(|module| dir.join(format!("{module}.beam")).is_file())
        };
        if preloaded_dirs(&self.root, &self.bindir, &self.erts_version)
            .iter()
            .any(has_all)
        {
            return Ok(());
        }
        let otp = Otp::find()?;
        if otp.erts_version != self.erts_version {
            return Err(CliError::Says(format!(
                "{} has erts {} without its preloaded modules, and {} has erts {}: set CORTEN_OTP_ROOT to the OTP \
                 that the release was built with",
                self.root.display(),
                self.erts_version,
                otp.root.display(),
                otp.erts_version
            )));
        }
        let source = preloaded_dirs(&otp.root, &otp.bindir, &otp.erts_version)
            .into_iter()
            .find(has_all)
            .ok_or_else(|| CliError::NoPreloaded {
                erts_version: otp.erts_version.clone(),
                root: otp.root.clone(),
            })?;
        let ebin = self.own_ebin();
        fs::create_dir_all(&ebin).map_err(file("create", &ebin))?;
        let mark = ebin.join(MADE_HERE);
        fs::write(&mark, "").map_err(file("write", &mark))?;
        for module in PRELOADED {
            let name = format!("{module}.beam");
            fs::copy(source.join(&name), ebin.join(&name))
                .map_err(file("copy", source.join(&name)))?;
        }
        Ok(())
    }
}

fn is_corten(program: &[u8]) -> bool {
    let first = MARK[0];
    program
        .windows(MARK.len())
        .any(|window| window[0] == first && window == MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A release as `swap` sees it, with its preloaded modules.
    fn release(name: &str, erts: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("corten-swap-{name}-{}", std::process::id()));
        let (bin, ebin) = (
            root.join(format!("erts-{erts}/bin")),
            root.join(format!("lib/erts-{erts}/ebin")),
        );
        fs::create_dir_all(&bin).expect("a directory");
        fs::create_dir_all(&ebin).expect("a directory");
        fs::write(bin.join("beam.smp"), "original").expect("a file");
        for module in PRELOADED {
            fs::write(ebin.join(format!("{module}.beam")), "").expect("a file");
        }
        root
    }

    #[test]
    fn swaps_twice_and_back() {
        let root = release("twice", "15.2.7");
        let place = Place::at(&root).expect("a release");
        place.swap().expect("swapped");
        assert!(is_corten(&fs::read(place.emulator()).expect("an emulator")));
        assert_eq!(
            fs::read(place.original()).expect("the original"),
            b"original"
        );
        assert!(place.swap().expect("swapped again").ends_with("already"));
        assert_eq!(
            fs::read(place.original()).expect("the original"),
            b"original"
        );
        place.undo().expect("undone");
        assert_eq!(
            fs::read(place.emulator()).expect("an emulator"),
            b"original"
        );
        assert!(!place.original().exists());
        assert!(
            place
                .undo()
                .expect("undone again")
                .ends_with("nothing to undo")
        );
        fs::remove_dir_all(root).expect("removed");
    }

    #[test]
    fn refuses_other_releases() {
        let root = release("old", "14.2");
        assert!(matches!(
            Place::at(&root),
            Err(CliError::Unsupported { .. })
        ));
        assert!(Place::at(Path::new("/nonexistent")).is_err());
        fs::remove_dir_all(root).expect("removed");
    }
}
