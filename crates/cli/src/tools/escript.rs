//! `escript`: runs a script, a compiled script or an archive by a node with `escript:start/0`.
//!
//! The script's second or third line may begin with `%%!`: arguments for the emulator.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::{CliError, Result};
use crate::launch::{self, Never};
use crate::otp::find::Otp;

/// As many bytes of a line are looked at; what follows the first lines may be binary.
const LONGEST_LINE: u64 = 1023;

/// `escript [-OPTIONS] FILE ARGS`
pub fn main(args: &[OsString]) -> Result<Never> {
    let script_at = args
        .iter()
        .position(|arg| !arg.as_bytes().starts_with(b"-"));
    let Some(script_at) = script_at else {
        return Err(CliError::Says("escript: Missing filename".into()));
    };
    run(&args[..script_at], &args[script_at], &args[script_at + 1..])
}

pub fn run(options: &[OsString], script: &OsStr, args: &[OsString]) -> Result<Never> {
    let emulator_args = emulator_args(Path::new(script))?;
    let mut erl_args: Vec<OsString> = ["+B", "-noshell", "-boot", "no_dot_erlang"]
        .map(OsString::from)
        .to_vec();
    erl_args.extend(emulator_args);
    erl_args.extend(["-run", "escript", "start"].map(OsString::from));
    erl_args.extend(
        options
            .iter()
            .map(|option| OsStr::from_bytes(&option.as_bytes()[1..]).to_owned()),
    );
    erl_args.push("-extra".into());
    erl_args.push(script.to_owned());
    erl_args.extend_from_slice(args);

    let env = [("ESCRIPT_NAME".into(), script.to_owned())];
    if let Some(emulator) = std::env::var_os("ESCRIPT_EMULATOR") {
        let error = Command::new(&emulator).args(erl_args).envs(env).exec();
        let program = emulator.to_string_lossy().into_owned();
        return Err(CliError::Program {
            program,
            problem: error.to_string(),
        });
    }
    let otp = Otp::find()?;
    launch::erl(&otp.installation(), &erl_args, &env)
}

/// The words of the `%%!` line.
fn emulator_args(script: &Path) -> Result<Vec<OsString>> {
    let failed = |_| {
        CliError::Says(format!(
            "escript: Failed to open file: {}",
            script.display()
        ))
    };
    let mut lines = BufReader::new(File::open(script).map_err(failed)?);
    for number in 1..=3 {
        let mut line = Vec::new();
        lines
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(failed)?;
        if let Some(words) = line.strip_prefix(b"%%!").filter(|_| number > 1) {
            return Ok(split(words));
        }
    }
    Ok(Vec::new())
}

fn split(words: &[u8]) -> Vec<OsString> {
    let line = words
        .split(|b| *b == b'\n' || *b == 0)
        .next()
        .unwrap_or_default();
    line.split(|b| *b == b' ')
        .filter(|word| !word.is_empty())
        .map(|word| OsString::from_vec(word.to_vec()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args_of(text: &[u8]) -> Vec<OsString> {
        let path = std::env::temp_dir().join(format!(
            "corten-escript-{}-{}",
            std::process::id(),
            text.len()
        ));
        std::fs::write(&path, text).expect("a file");
        let args = emulator_args(&path).expect("a script");
        std::fs::remove_file(path).expect("removed");
        args
    }

    #[test]
    fn finds_the_emulators_arguments() {
        assert_eq!(
            args_of(b"#!/usr/bin/env escript\n%%!  +S 1 -x  \nmain(_) -> ok."),
            ["+S", "1", "-x"]
        );
        assert_eq!(
            args_of(b"#!/usr/bin/env escript\n%% -*- x -*-\n%%! -sname a\nmain"),
            ["-sname", "a"]
        );
        assert_eq!(
            args_of(b"%%! first\nmain(_) -> ok.\n"),
            Vec::<OsString>::new()
        );
        assert_eq!(args_of(b"#!x\na\nb\n%%! fourth"), Vec::<OsString>::new());
        assert_eq!(args_of(b"#!x\n%%! \x00binary"), Vec::<OsString>::new());
    }
}
