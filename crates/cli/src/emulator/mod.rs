//! The emulator's side of the program: argv of `beam.smp` to a running node.
//!
//! `main` calls `main` when the program was started as the emulator (by OTP's `erlexec`, by a release, or by
//! `corten erl`, which executes itself with the same argv). `start` is the one place where the command line
//! meets the engine.

mod alloc;
mod cpus;
pub mod flags;
mod number;
mod parse;
mod start;
mod table;

pub use start::missing;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::{CliError, Result};
use crate::otp::find;
use cpus::Cpus;
use flags::{Flags, RELEASES};
use parse::Parsed;

/// All that a node is started with.
#[derive(Debug)]
pub struct EmulatorArgs {
    pub flags: Flags,
    pub cpus: Cpus,
    /// The whole argv: `system_info(emu_args)`.
    pub argv: Vec<Vec<u8>>,
    /// What came after the first `--`: the argument of `erl_init:start/2`.
    pub init_args: Vec<Vec<u8>>,
    pub root: PathBuf,
    pub bindir: PathBuf,
    pub progname: Vec<u8>,
    /// The version of the run-time system whose libraries are booted, such as `15.2.7`.
    pub erts_version: String,
    /// The release of OTP that has this run-time system.
    pub release: u32,
    /// The directory of the modules that are loaded before the first process runs.
    pub preloaded: PathBuf,
}

/// The modules that OTP links into its emulator; their files lie beside it.
pub use corten_engine::boot::PRELOADED;

/// Does this argv come from erlexec? Its first `--` is always followed by the same words.
pub fn is_emulator_argv(argv: &[OsString]) -> bool {
    let Some(end) = argv.iter().position(|arg| arg == "--") else {
        return false;
    };
    let word = |i: usize| argv.get(end + i).map(|arg| arg.as_bytes());
    word(1) == Some(b"-root")
        && word(3) == Some(b"-bindir")
        && word(5) == Some(b"-progname")
        && word(7) == Some(b"--")
}

/// Starts a node from the emulator's argv.
pub fn main(argv: Vec<OsString>) -> Result<std::convert::Infallible> {
    let program = argv
        .first()
        .map_or("beam.smp".into(), |arg| arg.to_string_lossy());
    let words: Vec<String> = argv
        .iter()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect();
    let cpus = Cpus::of_this_machine();
    // What cannot be known yet is refused below, when the flags are right.
    let release = bindir_of_this(&argv)
        .and_then(|dir| find::release_of(&erts_version_of(&dir)?))
        .filter(|release| RELEASES.contains(release));
    let release = release.unwrap_or(*RELEASES.start());
    let parsed = parse::parse(&program, &words, &cpus, release, &mut |line| {
        crate::err(&format!("{line}\n"));
    });
    let (flags, flags_end) = match parsed {
        Ok((Parsed::Run(flags), end)) => (*flags, end),
        Ok((Parsed::ShowVersion, _)) => {
            let version = bindir_of_this(&argv).as_deref().and_then(erts_version_of);
            let version = version.as_deref().unwrap_or("of an unknown version");
            crate::err(&format!(
                "Erlang (SMP,ASYNC_THREADS) (BEAM) emulator version {version}\n"
            ));
            std::process::exit(0);
        }
        Err(parse::FlagError(line)) => {
            if let Some(line) = line {
                crate::err(&format!("{line}\n"));
            }
            crate::err(&parse::usage(&program));
            std::process::exit(1);
        }
    };
    let args = node_args(flags, cpus, argv, flags_end)?;
    start::run_node(args)
}

fn node_args(
    flags: Flags,
    cpus: Cpus,
    argv: Vec<OsString>,
    flags_end: usize,
) -> Result<EmulatorArgs> {
    // argv[0], the flags, `--`.
    let init_args: Vec<Vec<u8>> = argv
        .iter()
        .skip(flags_end + 2)
        .map(|arg| arg.as_bytes().to_vec())
        .collect();
    let value = |name: &[u8]| {
        let at = init_args.iter().position(|arg| arg == name)?;
        init_args
            .get(at + 1)
            .map(|arg| OsString::from_vec(arg.clone()))
    };
    let bindir = value(b"-bindir")
        .map(PathBuf::from)
        .or_else(|| bindir_of_this(&argv));
    let bindir = bindir.ok_or(CliError::NoBindir)?;
    let root = match value(b"-root") {
        Some(root) => PathBuf::from(root),
        None => bindir
            .ancestors()
            .nth(2)
            .ok_or(CliError::NoBindir)?
            .to_path_buf(),
    };
    let erts_version = erts_version_of(&bindir).ok_or_else(|| CliError::NotErts(bindir.clone()))?;
    let release = find::release_of(&erts_version).unwrap_or(0);
    if !RELEASES.contains(&release) {
        return Err(CliError::Unsupported {
            what: bindir,
            found: format!("of erts {erts_version}"),
            wanted: wanted_otp(),
        });
    }
    Ok(EmulatorArgs {
        flags,
        release,
        cpus,
        progname: value(b"-progname").map_or_else(|| b"erl".to_vec(), OsString::into_vec),
        preloaded: preloaded(&root, &bindir, &erts_version)?,
        argv: argv.into_iter().map(OsString::into_vec).collect(),
        init_args,
        root,
        bindir,
        erts_version,
    })
}

/// Where the emulator lies if argv does not say: BINDIR, or the directory that argv[0] or the program is in.
fn bindir_of_this(argv: &[OsString]) -> Option<PathBuf> {
    let from_env = std::env::var_os("BINDIR").map(PathBuf::from);
    let from_argv = argv
        .first()
        .and_then(|arg| Path::new(arg).parent())
        .map(Path::to_path_buf);
    let from_exe = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_path_buf));
    [from_argv, from_env, from_exe]
        .into_iter()
        .flatten()
        .find(|dir| erts_version_of(dir).is_some())
}

/// `…/erts-15.2.7/bin` → `15.2.7`
pub fn erts_version_of(bindir: &Path) -> Option<String> {
    let erts = bindir.parent()?.file_name()?.to_str()?;
    erts.strip_prefix("erts-").map(String::from)
}

/// The releases of OTP that are supported, for messages.
pub fn wanted_otp() -> String {
    format!("OTP {} to {}", RELEASES.start(), RELEASES.end())
}

/// Where the preloaded modules of this run-time system may lie, best first.
pub fn preloaded_dirs(root: &Path, bindir: &Path, erts_version: &str) -> [PathBuf; 3] {
    [
        bindir.join("../ebin"),
        root.join(format!("erts-{erts_version}/ebin")),
        root.join(format!("lib/erts-{erts_version}/ebin")),
    ]
}

fn preloaded(root: &Path, bindir: &Path, erts_version: &str) -> Result<PathBuf> {
    let dirs = preloaded_dirs(root, bindir, erts_version);
    dirs.into_iter()
        .find(|dir| dir.join("erl_init.beam").is_file())
        .ok_or_else(|| CliError::NoPreloaded {
            erts_version: erts_version.into(),
            root: root.into(),
        })
}
