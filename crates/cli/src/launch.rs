//! Carries out what `erlexec` planned: executes this program again as the emulator.
//!
//! Executing, rather than calling `run_node` directly, gives the node a process whose environment, name and
//! argv are those that OTP's emulator has, as `ps`, `system_info(emu_args)` and the C library see them.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::emulator::erts_version_of;
use crate::emulator::flags::RELEASES;
use crate::erlexec::{self, Installation, Plan, Stop};
use crate::error::{CliError, Result};
use crate::otp::find::release_of;
use crate::tools::links;

/// The hidden subcommand that finishes `-detached` in a process of its own.
pub const DETACH: &str = "--detach-from-terminal";

pub type Never = std::convert::Infallible;

/// `erl ARGS` for an installation; `more_env` is set on top.
pub fn erl(
    install: &Installation,
    args: &[OsString],
    more_env: &[(OsString, OsString)],
) -> Result<Never> {
    let env = |name: &str| {
        let given = more_env
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone());
        given.or_else(|| std::env::var_os(name))
    };
    match erlexec::plan(install, args, &env) {
        Ok(plan) => run(install, plan, more_env),
        Err(stop) => end(stop),
    }
}

fn end(stop: Stop) -> Result<Never> {
    match stop {
        Stop::Usage(line) => {
            crate::err(&format!("{line}\n{}\n", erlexec::USAGE));
            std::process::exit(1);
        }
        Stop::Error(line) => {
            crate::err(&format!("erlexec: {line}\n"));
            std::process::exit(1);
        }
        Stop::Print(text) => {
            let printed = io::stdout().write_all(text.as_bytes());
            std::process::exit(i32::from(printed.is_err()));
        }
        Stop::Man { args, path } => {
            let error = Command::new("man").args(args).env("MANPATH", path).exec();
            Err(CliError::Program {
                program: "man".into(),
                problem: error.to_string(),
            })
        }
    }
}

fn run(install: &Installation, plan: Plan, more_env: &[(OsString, OsString)]) -> Result<Never> {
    if let Some(epmd) = &plan.epmd {
        // Whether it could be started shows when the node registers; OTP does not look either.
        let _ = Command::new("/bin/sh").arg("-c").arg(epmd).status();
    }
    if plan.verbose {
        let mut text = OsString::from("Executing: ");
        text.push(&plan.emulator);
        for arg in &plan.argv {
            text.push(" ");
            text.push(arg);
        }
        text.push("\n\n");
        let _ = io::stdout().write_all(text.as_bytes());
    }
    let path = plan
        .env
        .iter()
        .rev()
        .find(|(key, _)| key == "PATH")
        .map(|(_, value)| value.clone());
    let (program, path) = links::emulator_and_path(&path.unwrap_or_default())?;
    let (name, args) = plan.argv.split_first().ok_or(CliError::NoBindir)?;
    let mut command = Command::new(&program);
    if plan.detached {
        // A new process leaves the terminal and starts the emulator from there (see `detach`).
        command.arg0("corten").arg(DETACH).arg(name);
    } else {
        command.arg0(name);
    }
    command
        .args(args)
        .env("ROOTDIR", &install.root)
        .env("BINDIR", &install.bindir)
        .env("PROGNAME", &install.progname)
        .env("EMU", &install.emu)
        .envs(more_env.iter().cloned());
    command.envs(
        plan.env
            .into_iter()
            .filter(|(key, value)| is_variable(key, value)),
    );
    command.env("PATH", path);
    if plan.detached {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
            .spawn()
            .map_err(|error| not_started(&program, &error))?;
        std::process::exit(0);
    }
    let error = command.exec();
    Err(not_started(&program, &error))
}

/// `execve` takes no variable without a name, and `Command` none with a zero byte or an `=` in the name.
fn is_variable(key: &OsStr, value: &OsStr) -> bool {
    !key.is_empty()
        && !key.as_bytes().contains(&b'=')
        && !key.as_bytes().contains(&0)
        && !value.as_bytes().contains(&0)
}

/// The first process of `-detached`: leads a session of its own and starts the node from there, so that
/// the node has no controlling terminal and cannot get one.
pub fn detach(argv: &[OsString]) -> Result<Never> {
    let (program, _) = links::emulator_and_path(OsStr::new(""))?;
    let (name, args) = argv.split_first().ok_or(CliError::NoBindir)?;
    rustix::process::setsid().map_err(|error| not_started(&program, &error.into()))?;
    let spawned = Command::new(&program).arg0(name).args(args).spawn();
    spawned.map_err(|error| not_started(&program, &error))?;
    std::process::exit(0);
}

fn not_started(program: &Path, error: &io::Error) -> CliError {
    CliError::Program {
        program: program.display().to_string(),
        problem: error.to_string(),
    }
}

/// The installation that OTP's own scripts have put into the environment: for `corten erlexec`.
pub fn installation_of_environment() -> Result<Installation> {
    let var = |name: &str| std::env::var_os(name);
    let bindir = var("BINDIR").map(PathBuf::from).ok_or(CliError::NoBindir)?;
    let root = match var("ROOTDIR").map(PathBuf::from) {
        Some(root) => root,
        None => bindir
            .ancestors()
            .nth(2)
            .ok_or(CliError::NoBindir)?
            .to_path_buf(),
    };
    let release = erts_version_of(&bindir)
        .and_then(|version| release_of(&version))
        .unwrap_or(*RELEASES.start());
    Ok(Installation {
        root,
        bindir,
        release,
        progname: var("PROGNAME").unwrap_or_else(|| "erl".into()),
        emu: var("EMU").unwrap_or_else(|| "beam".into()),
    })
}
