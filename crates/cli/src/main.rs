//! The `corten` program: one binary under many names.
//!
//! Which part runs is decided here and nowhere else: by the emulator's argv (started by erlexec or by
//! itself), by the name it was called by (`erl`, `erlc`, … are links to it), else by its first argument.

#![forbid(unsafe_code)]

mod disasm;
mod emulator;
mod erlexec;
mod error;
mod launch;
mod otp;
mod swap;
mod tools;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use emulator::flags::RELEASES;
use error::{CliError, Result};
use otp::find::{ASKING, Otp};

/// Many small, short-lived blocks from many threads: what this allocator is made for. Checks that follow every access have to see
/// the system's allocator (`./x races`).
#[cfg(not(system_allocator))]
#[global_allocator]
static ALLOCATOR: corten_term::memory::Allocator = corten_term::memory::Allocator;

const HELP: &str = "\
Corten runs Erlang and Elixir programs: an emulator in Rust for the unmodified libraries of OTP 27 to 29.

  corten erl [ARGS]           the emulator; arguments as for OTP's erl
  corten erlc [ARGS]          the compiler driver
  corten escript FILE [ARGS]  runs a script
  corten elixir [ARGS]        also elixirc, iex and mix: Elixir's tools with Corten below them
  corten rebar3 [ARGS]        the build tool
  corten otp [fetch]          which OTP and Elixir are used; gets them where there are none
  corten swap [--undo] DIR    makes Corten the emulator of an OTP installation or a release
  corten disasm FILE.beam     shows the instructions in a compiled module
  corten --missing [RELEASE]  lists what is not implemented yet
  corten --version            Corten's version and the OTP that it boots

Called by the name of one of these tools (a link will do), it is that tool.
";

/// Writes to standard output; a reader that has gone away is no reason to complain.
pub fn out(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes to standard error, likewise.
pub fn err(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn main() -> ExitCode {
    // Each thread's first small block would cost a huge page: five times the memory and the time to start.
    // Where the kernel cannot be told so, that is all that is lost.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let argv: Vec<OsString> = std::env::args_os().collect();
    match dispatch(argv) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            err(&format!("corten: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(argv: Vec<OsString>) -> Result<()> {
    let called = argv
        .first()
        .map(Path::new)
        .and_then(Path::file_name)
        .and_then(OsStr::to_str);
    let called = called.unwrap_or("corten").to_string();
    let first = argv
        .get(1)
        .and_then(|arg| arg.to_str())
        .unwrap_or("")
        .to_string();
    if called == "corten" && first == launch::DETACH {
        match launch::detach(&argv[2..])? {}
    }
    if emulator::is_emulator_argv(&argv) || is_emulator(&called) {
        match emulator::main(argv)? {}
    }
    if run_tool(&called, argv.get(1..).unwrap_or_default())? {
        return Ok(());
    }
    // OTP's escript may be linked to under the name of a script that lies beside the link.
    if let Some(script) = argv.first().and_then(|path| script_beside(Path::new(path))) {
        match tools::escript::run(&[], &script, &argv[1..])? {}
    }
    let rest = argv.get(2..).unwrap_or_default();
    if run_tool(&first, rest)? {
        return Ok(());
    }
    subcommand(&first, rest)
}

/// The release that `--missing` is asked about: the given one, that of the OTP found, or the oldest.
fn release_to_list(args: &[OsString]) -> Result<u32> {
    let Some(given) = args.first() else {
        return Ok(Otp::find().map_or(*RELEASES.start(), |otp| otp.release));
    };
    let release = given.to_str().and_then(|text| text.parse().ok());
    release
        .filter(|release| RELEASES.contains(release))
        .ok_or_else(|| {
            let given = given.to_string_lossy();
            CliError::Usage(format!(
                "usage: corten --missing [RELEASE]: {given} is not {}",
                emulator::wanted_otp()
            ))
        })
}

/// Was this program put in the place of OTP's emulator?
fn is_emulator(called: &str) -> bool {
    let is_beam = |name: &str| name.starts_with("beam") && name.ends_with(".smp");
    let program = std::env::current_exe().ok();
    let own_name = program
        .as_deref()
        .and_then(Path::file_name)
        .and_then(OsStr::to_str);
    is_beam(called) || own_name.is_some_and(is_beam)
}

fn script_beside(called: &Path) -> Option<OsString> {
    if called.file_name()? == "corten" {
        return None;
    }
    let mut script = std::path::absolute(called).ok()?.into_os_string();
    script.push(".escript");
    Path::new(&script).is_file().then_some(script)
}

/// Runs the tool of this name, if it is one; comes back only without one.
fn run_tool(name: &str, args: &[OsString]) -> Result<bool> {
    match name {
        "erl" => {
            if std::env::var_os(ASKING).is_some() {
                return Err(CliError::Says("this erl is Corten itself".into()));
            }
            match launch::erl(&Otp::find()?.installation(), args, &[])? {}
        }
        "erlexec" => match launch::erl(&launch::installation_of_environment()?, args, &[])? {},
        "erlc" => match tools::erlc::main(args)? {},
        "escript" => match tools::escript::main(args)? {},
        "elixir" | "elixirc" | "iex" | "mix" => match tools::elixir::main(name, args)? {},
        "rebar3" => match tools::escript::run(&[], otp::find::rebar3()?.as_os_str(), args)? {},
        _ => Ok(false),
    }
}

fn subcommand(name: &str, args: &[OsString]) -> Result<()> {
    match name {
        "otp" => otp::main(args),
        "swap" => swap::main(args),
        "disasm" => disasm::main(args),
        "--missing" => {
            out(&emulator::missing(release_to_list(args)?));
            Ok(())
        }
        "--version" | "-V" | "version" => {
            out(&format!("Corten {}\n", env!("CARGO_PKG_VERSION")));
            if let Ok(otp) = Otp::find() {
                out(&format!(
                    "OTP {} (erts {}) at {}\n",
                    otp.version,
                    otp.erts_version,
                    otp.root.display()
                ));
            }
            Ok(())
        }
        "" | "help" | "--help" | "-h" => {
            out(HELP);
            Ok(())
        }
        other => Err(CliError::Usage(format!(
            "no such command: {other:?}; `corten help` lists them"
        ))),
    }
}
