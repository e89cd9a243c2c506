//! `elixir`, `elixirc`, `iex` and `mix`: the scripts of the installed Elixir, with Corten as their `erl`.
//!
//! The scripts themselves are run, so that their options are those of the installed version, whichever it is.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::{CliError, Result};
use crate::launch::Never;
use crate::otp::find::Elixir;
use crate::tools::links::Links;

pub fn main(tool: &str, args: &[OsString]) -> Result<Never> {
    let elixir = Elixir::find()?;
    let bin = elixir.root.join("bin");
    let links = Links::make()?;
    let path =
        links.in_front_of(&std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
    let mut command = if tool == "mix" {
        // `mix` is an Elixir program, not a shell script.
        let mut command = Command::new(bin.join("elixir"));
        command.arg(bin.join("mix"));
        command
    } else {
        Command::new(bin.join(OsStr::new(tool)))
    };
    let error = command.args(args).env("PATH", path).exec();
    Err(CliError::Program {
        program: bin.join(tool).display().to_string(),
        problem: error.to_string(),
    })
}
