//! `erlc`: turns a compiler's command line into a node that runs `erl_compile:compile_cmdline/0`.
//!
//! The arguments are those of OTP's C program. Its compile server (`-server`) needs distribution; like that
//! program when it cannot reach one, this one compiles by itself.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::{CliError, Result};
use crate::launch::{self, Never};
use crate::otp::find::Otp;

pub fn main(args: &[OsString]) -> Result<Never> {
    let erl_args = erl_args(args)?;
    let env = [("ESCRIPT_NAME".into(), "erlc".into())];
    if let Some(emulator) = std::env::var_os("ERLC_EMULATOR") {
        let text = emulator.to_string_lossy().into_owned();
        let mut words = text.split_whitespace();
        let program = words.next().unwrap_or("erl");
        let error = Command::new(program)
            .args(words)
            .args(erl_args)
            .envs(env)
            .exec();
        return Err(CliError::Program {
            program: program.into(),
            problem: error.to_string(),
        });
    }
    let otp = Otp::find()?;
    launch::erl(&otp.installation(), &erl_args, &env)
}

fn erl_args(args: &[OsString]) -> Result<Vec<OsString>> {
    let mut paths: Vec<OsString> = Vec::new();
    let mut rest: Vec<OsString> = [
        "+sbtu",
        "+A0",
        "-noinput",
        "-mode",
        "minimal",
        "-boot",
        "no_dot_erlang",
        "-s",
        "erl_compile",
        "compile_cmdline",
        "-extra",
    ]
    .map(OsString::from)
    .to_vec();
    let in_front = |paths: &mut Vec<OsString>, words: [OsString; 2]| {
        paths.splice(0..0, words);
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_bytes() {
            b"-d" | b"-no-server" | b"-server" => {}
            b"-smp" => {
                paths.insert(0, arg.clone());
            }
            [b'-', b'p', which @ (b'a' | b'z'), glued @ ..] => {
                let option: OsString = format!("-p{}", char::from(*which)).into();
                let dir = if glued.is_empty() {
                    let next = args
                        .next()
                        .filter(|next| !next.as_bytes().starts_with(b"-"));
                    next.cloned()
                        .ok_or_else(|| CliError::Says("erlc: No value given to -p option".into()))?
                } else {
                    OsStr::from_bytes(glued).to_owned()
                };
                in_front(&mut paths, [option, dir]);
            }
            _ => rest.push(arg.clone()),
        }
    }
    // One scheduler: a build with `make -j` starts many of these.
    let mut all = vec![OsString::from("+S1")];
    all.append(&mut paths);
    all.append(&mut rest);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(args: &[&str]) -> String {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let built = erl_args(&args).expect("good arguments");
        built
            .iter()
            .map(|arg| arg.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    const MIDDLE: &str = "+sbtu +A0 -noinput -mode minimal -boot no_dot_erlang -s erl_compile compile_cmdline -extra";

    #[test]
    fn builds_otps_command_line() {
        assert_eq!(line(&["a.erl"]), format!("+S1 {MIDDLE} a.erl"));
        assert_eq!(
            line(&["-o", "ebin", "-paone", "-pz", "two", "+debug_info", "a.erl"]),
            format!("+S1 -pz two -pa one {MIDDLE} -o ebin +debug_info a.erl")
        );
        assert!(erl_args(&["-pa".into(), "-o".into()]).is_err());
    }
}
