//! `corten otp`: which OTP and Elixir are used, and getting them where none is installed.

pub mod cache;
mod fetch;
pub mod find;

use std::ffi::OsString;

use crate::error::{CliError, Result};
use find::{Elixir, Otp};

const USAGE: &str = "usage: corten otp [fetch | root | elixir-root]
  (nothing)  lists the OTP, Elixir and rebar3 that are used, and where they were found
  fetch      gets them from the distribution's packages into the cache below your home
  root       prints the root directory of the OTP that is used; elixir-root that of the Elixir";

pub fn main(args: &[OsString]) -> Result<()> {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    match words.as_slice() {
        [] => list(),
        ["fetch"] => fetch::fetch(),
        ["root"] => {
            crate::out(&format!("{}\n", Otp::find()?.root.display()));
            Ok(())
        }
        ["elixir-root"] => {
            crate::out(&format!("{}\n", Elixir::find()?.root.display()));
            Ok(())
        }
        ["help" | "--help" | "-h"] => {
            crate::out(&format!("{USAGE}\n"));
            Ok(())
        }
        _ => Err(CliError::Usage(USAGE.into())),
    }
}

fn list() -> Result<()> {
    let mut missing = None;
    match Otp::find() {
        Ok(otp) => crate::out(&format!(
            "OTP     {} (erts {})  {}  from {}\n",
            otp.version,
            otp.erts_version,
            otp.root.display(),
            otp.origin
        )),
        Err(error) => missing = Some(error),
    }
    match Elixir::find() {
        Ok(elixir) => crate::out(&format!(
            "Elixir  {}  {}  from {}\n",
            elixir.version,
            elixir.root.display(),
            elixir.origin
        )),
        Err(error) => missing = missing.or(Some(error)),
    }
    if let Ok(rebar3) = find::rebar3() {
        crate::out(&format!("rebar3  {}\n", rebar3.display()));
    }
    crate::out(&format!("cache   {}\n", cache::dir()?.display()));
    missing.map_or(Ok(()), Err)
}
