//! One list of arguments from the command line, the environment and argument files.
//!
//! Order: `ERL_OTP27_FLAGS`, `ERL_AFLAGS`, the command line, `ERL_FLAGS`, `ERL_ZFLAGS`; what follows any
//! `-extra` comes last of all. Used by `super::plan`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Stop, words};

/// Files may name files; more levels than this are a file that names itself.
const MAX_NESTED_FILES: usize = 64;

#[derive(Default)]
struct Gathered {
    args: Vec<OsString>,
    extra: Vec<OsString>,
    /// From `-S` on the command line on: Elixir-style "run this, the rest is its own".
    script: Vec<OsString>,
}

pub fn gather(
    command_line: &[OsString],
    release: u32,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<OsString>, Stop> {
    let from_env = |name: &str| {
        env(name)
            .map(|v| words::split(v.as_bytes(), false))
            .unwrap_or_default()
    };
    let mut all = Gathered::default();
    all.add(&from_env(&format!("ERL_OTP{release}_FLAGS")), false)?;
    all.add(&from_env("ERL_AFLAGS"), false)?;
    if !command_line.is_empty() {
        all.add(command_line, true)?;
        all.args.push("--".into());
    }
    all.add(&from_env("ERL_FLAGS"), false)?;
    all.add(&from_env("ERL_ZFLAGS"), false)?;

    let Gathered {
        mut args,
        extra,
        script,
    } = all;
    if !extra.is_empty() {
        args.push("-extra".into());
        args.extend(extra);
    }
    args.extend(script);
    Ok(args)
}

impl Gathered {
    fn add(&mut self, source: &[OsString], is_command_line: bool) -> Result<(), Stop> {
        let mut at = 0;
        while let Some(arg) = source.get(at) {
            at += 1;
            if arg == "-args_file" {
                let file = source.get(at).ok_or_else(|| Stop::missing("-args_file"))?;
                at += 1;
                self.add_file(file, 0)?;
            } else if arg == "-extra" {
                self.extra.extend_from_slice(&source[at..]);
                self.args.push("--".into());
                return Ok(());
            } else if is_command_line && arg == "-S" {
                self.script.push("++S".into());
                // A literal `--` must not be taken for one of the separators.
                let literal = |arg: &OsString| {
                    if arg == "--" {
                        "\\--".into()
                    } else {
                        arg.clone()
                    }
                };
                self.script.extend(source[at..].iter().map(literal));
                self.args.push("--".into());
                return Ok(());
            } else {
                self.args.push(arg.clone());
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &OsStr, depth: usize) -> Result<(), Stop> {
        let source = read(file, depth)?;
        let mut at = 0;
        while let Some(arg) = source.get(at) {
            at += 1;
            if arg == "-args_file" {
                let file = source.get(at).ok_or_else(|| Stop::missing("-args_file"))?;
                at += 1;
                self.add_file(file, depth + 1)?;
            } else if arg == "-extra" {
                self.extra.extend_from_slice(&source[at..]);
                return Ok(());
            } else {
                self.args.push(arg.clone());
            }
        }
        Ok(())
    }
}

fn read(file: &OsStr, depth: usize) -> Result<Vec<OsString>, Stop> {
    let name = file.to_string_lossy();
    if depth > MAX_NESTED_FILES {
        return Err(Stop::Usage(format!(
            "Arguments file \"{name}\" is nested too deeply"
        )));
    }
    let text = std::fs::read(Path::new(file)).map_err(|error| {
        let cwd = std::env::current_dir().unwrap_or_default();
        let why = plain(&error);
        Stop::Usage(format!(
            "Failed to open arguments file \"{name}\" at \"{}\": {why}",
            cwd.display()
        ))
    })?;
    // As C sees it, the text ends at the first NUL.
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    Ok(words::split(&text[..end], true))
}

/// The system's text for an error without Rust's "(os error N)".
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_string()
}
