//! What OTP's `erlexec` does: from the user's command line to the emulator's argv and environment.
//!
//! `plan` is pure (the environment comes in as a function, results go out as a value), so the tests can hold
//! it against what the reference did with the same input. `launch` carries a plan out.

mod gather;
mod words;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// The installation that is started.
#[derive(Debug, Clone)]
pub struct Installation {
    pub root: PathBuf,
    pub bindir: PathBuf,
    pub progname: OsString,
    /// Base name of the emulator, `beam`.
    pub emu: OsString,
    pub release: u32,
}

/// What to execute.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// The path that the emulator has in OTP: `BINDIR/beam.smp`.
    pub emulator: PathBuf,
    pub argv: Vec<OsString>,
    /// Variables to set.
    pub env: Vec<(OsString, OsString)>,
    pub detached: bool,
    /// A shell command that starts the port mapper, to be run first.
    pub epmd: Option<OsString>,
    /// `-emu_args`: show the command before it is run.
    pub verbose: bool,
}

/// Why nothing is started.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// A line and the usage on standard error, status 1.
    Usage(String),
    /// One line from erlexec on standard error, status 1.
    Error(String),
    /// This on standard output, status 0.
    Print(OsString),
    /// `-man`: execute this with this MANPATH.
    Man { args: Vec<OsString>, path: PathBuf },
}

impl Stop {
    fn missing(name: &str) -> Stop {
        Stop::Usage(format!("Missing argument(s) for '{name}'."))
    }
}

pub const USAGE: &str = "Usage: erl [FLAGS] [ARGUMENTS]
  -eval EXPR  -s MOD [FUN [ARGS]]  -run MOD [FUN [ARGS]]  -noshell  -noinput  -detached
  -boot FILE  -config FILE  -args_file FILE  -env NAME VALUE  -pa DIR  -pz DIR  -mode MODE
  -name NAME  -sname NAME  -setcookie COOKIE  -hidden  -start_epmd BOOLEAN  -epmd PROGRAM
  -emu_type TYPE  -emu_flavor FLAVOR  -emu_args  -make  -compile FILES  -man PAGE  -version
  -extra ARGUMENTS
Flags of the emulator begin with +; a wrong one, such as `erl +help`, lists them.";

/// `+` flags that take a value, for the letters where the name must match in full.
const WITH_VALUE: &[(&str, &[&str])] = &[
    (
        "s",
        &[
            "bt", "bwtdcpu", "bwtdio", "bwt", "cl", "ct", "ecio", "fwi", "tbt", "wct", "wtdcpu",
            "wtdio", "wt", "ws", "ss", "ssdcpu", "ssdio", "pp", "ub",
        ],
    ),
    (
        "h",
        &[
            "ms", "mbs", "pds", "max", "maxk", "maxel", "maxib", "mqd", "",
        ],
    ),
    ("r", &["g"]),
    ("z", &["dbbl", "dntgc", "ebwt", "osrl", "hft"]),
    ("p", &["c", "ad"]),
    ("IO", &["t", "p", "Pt", "Pp", "s"]),
];
/// Letters whose flag takes a value when nothing is glued to it.
const ALONE_WITH_VALUE: &str = "aACeinPQtTRWKS";
const ALLOCATORS: &str = "uBIDEFHLRSTZ";
const OF_AN_ALLOCATOR: &[&str] = &[
    "as", "asbcst", "atags", "acul", "acnl", "acfml", "acful", "cp", "e", "t", "lmbcs", "mbcgs",
    "mbsd", "mmbcs", "mmmbc", "mmsbc", "msbclt", "ramv", "rmbcmt", "rsbcmt", "rsbcst", "sbct",
    "smbcs",
];
const OF_ALL_ALLOCATORS: &[&str] = &[
    "ea", "ummc", "uycs", "usac", "im", "is", "lpm", "Mamcbf", "Mrmcbf", "Mmcs", "Mscs", "Mscrfsd",
    "Msco", "Mscrpm", "Mlp", "Ye", "Ym", "Ytp", "Ytt", "Iscs", "Xscs", "dai",
];

/// Works out what `erl COMMAND_LINE` executes in this installation.
pub fn plan(
    install: &Installation,
    command_line: &[OsString],
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Plan, Stop> {
    let args = gather::gather(command_line, install.release, env)?;
    let emulator_name = emulator_name(install, &args)?;
    let emulator = install.bindir.join(&emulator_name);

    let mut builder = Builder {
        flags: vec![env("ESCRIPT_NAME").unwrap_or_else(|| emulator.clone().into_os_string())],
        user: Vec::new(),
        env: vec![("PATH".into(), path(install, env("PATH")))],
        detached: false,
        epmd_program: None,
        distributed: false,
        start_epmd: true,
        no_epmd: false,
        other_protocol: false,
        halt_afterwards: false,
        show: Show::Nothing,
    };
    if let Some(home) = env("HOME") {
        builder.user.extend(["-home".into(), home]);
    }
    if let Some(port) = env("ERL_EPMD_PORT") {
        builder.user.extend(["-epmd_port".into(), port]);
    }
    builder.user.push("--".into());
    builder.all(install, &args, &emulator_name)?;
    builder.finish(install, emulator)
}

/// `EMU[.TYPE].FLAVOR`
fn emulator_name(install: &Installation, args: &[OsString]) -> Result<OsString, Stop> {
    let (mut kind, mut flavor) = (None, OsStr::new("smp"));
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        at += 1;
        let is_not_supported = match arg.to_str() {
            Some("-extra" | "++S") => break,
            Some("-smpdisable") => true,
            Some("-smp") => match args.get(at).and_then(|v| v.to_str()) {
                Some("disable") => true,
                Some("auto" | "enable") => {
                    at += 1;
                    false
                }
                _ => false,
            },
            Some("-emu_type") => {
                kind = Some(value(args, at, "-emu_type")?);
                at += 1;
                false
            }
            Some("-emu_flavor") => {
                flavor = value(args, at, "-emu_flavor")?;
                at += 1;
                false
            }
            _ => false,
        };
        if is_not_supported {
            return Err(Stop::Usage(
                "Argument '-smp disable' not supported. Use \"+S 1\" instead.".into(),
            ));
        }
    }
    let kind = kind.filter(|kind| *kind != "opt");
    if kind.is_some() || !["smp", "jit", "emu"].iter().any(|known| flavor == *known) {
        return Err(Stop::Error(
            "Invalid emulator type or flavor. Available combinations are: \n  -emu_flavor smp\n"
                .into(),
        ));
    }
    let mut name = install.emu.clone();
    name.push(".");
    name.push(flavor);
    Ok(name)
}

/// The value of an option; a separator is none.
fn value<'a>(args: &'a [OsString], at: usize, name: &str) -> Result<&'a OsStr, Stop> {
    match args.get(at) {
        Some(arg) if arg != "--" => Ok(arg),
        _ => Err(Stop::missing(name)),
    }
}

/// PATH with BINDIR in front and nowhere else; ROOT/bin too if PATH does not mention the installation at all.
fn path(install: &Installation, old: Option<OsString>) -> OsString {
    let bindir = install.bindir.as_os_str().as_bytes();
    let root = install.root.as_os_str().as_bytes();
    let mut new = bindir.to_vec();
    let with_root_bin = |new: &mut Vec<u8>| {
        new.push(b':');
        new.extend_from_slice(root);
        new.extend_from_slice(b"/bin");
    };
    match old.as_ref().map(|old| old.as_bytes()) {
        None => with_root_bin(&mut new),
        Some(old) if !contains(old, root) => {
            with_root_bin(&mut new);
            new.push(b':');
            new.extend_from_slice(old);
        }
        Some(old) => {
            for dir in old.split(|b| *b == b':').filter(|dir| *dir != bindir) {
                new.push(b':');
                new.extend_from_slice(dir);
            }
        }
    }
    OsString::from_vec(new)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

enum Show {
    Nothing,
    Verbose,
    Args,
    QuotedCommand,
}

struct Builder {
    /// argv[0] and the emulator's flags.
    flags: Vec<OsString>,
    /// What goes to `init`.
    user: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    detached: bool,
    epmd_program: Option<OsString>,
    distributed: bool,
    start_epmd: bool,
    no_epmd: bool,
    other_protocol: bool,
    halt_afterwards: bool,
    show: Show,
}

impl Builder {
    fn all(
        &mut self,
        install: &Installation,
        args: &[OsString],
        emulator: &OsStr,
    ) -> Result<(), Stop> {
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            let bytes = arg.as_bytes();
            at += match bytes.first() {
                Some(b'-') => match arg.to_str() {
                    Some("-extra") => {
                        self.user.extend_from_slice(&args[at..]);
                        return Ok(());
                    }
                    Some("-make") => {
                        self.user.extend(
                            ["-noshell", "-noinput", "-s", "make", "all_or_nothing"]
                                .map(OsString::from),
                        );
                        self.flags.push("-B".into());
                        self.halt_afterwards = true;
                        return Ok(());
                    }
                    Some("-man") => return Err(man(install, &args[at + 1..])),
                    Some("-emu_name_exit") => {
                        let mut line = emulator.to_owned();
                        line.push("\n");
                        return Err(Stop::Print(line));
                    }
                    Some(name) => self.dash(name, args, at)?,
                    None => self.pass(arg),
                },
                Some(b'+') if arg == "++S" => {
                    self.user.extend(["-noshell", "-S"].map(OsString::from));
                    self.user.extend_from_slice(&args[at + 1..]);
                    return Ok(());
                }
                Some(b'+') if bytes.get(1) == Some(&b'+') => self.pass(arg),
                Some(b'+') => self.plus(args, at)?,
                _ => self.pass(arg),
            };
        }
        Ok(())
    }

    fn pass(&mut self, arg: &OsStr) -> usize {
        self.user.push(arg.to_owned());
        1
    }

    /// An argument with `-`; returns how many arguments it took.
    fn dash(&mut self, name: &str, args: &[OsString], at: usize) -> Result<usize, Stop> {
        let noinput = ["-noshell", "-noinput"].map(OsString::from);
        match name {
            "-compile" => {
                self.user.extend(noinput);
                self.user
                    .extend(["-s", "c", "lc_batch"].map(OsString::from));
                self.flags.push("-B".into());
            }
            "-configfd" => {
                if value(args, at + 1, name)? == "0" {
                    self.user.extend(noinput);
                }
                self.user.push(name.into());
            }
            "-detached" => {
                self.detached = true;
                self.user.push(name.into());
                self.user.extend(noinput);
            }
            "-noinput" => self.user.extend(noinput),
            "-emu_args" => self.show = Show::Verbose,
            "-emu_args_exit" => self.show = Show::Args,
            "-emu_qouted_cmd_exit" => self.show = Show::QuotedCommand,
            "-env" => {
                let key = value(args, at + 1, name)?;
                let new = value(args, at + 2, name)?;
                self.env.push((key.to_owned(), new.to_owned()));
                return Ok(3);
            }
            "-epmd" => {
                self.epmd_program = Some(value(args, at + 1, name)?.to_owned());
                return Ok(2);
            }
            "-keep_window" => {}
            "-version" => self.flags.push("-V".into()),
            "-no_epmd" => {
                self.no_epmd = true;
                self.start_epmd = false;
                self.user.push(name.into());
            }
            "-name" | "-sname" | "-proto_dist" | "-start_epmd" => {
                let given = value(args, at + 1, name)?;
                match name {
                    "-proto_dist" => self.other_protocol = true,
                    "-start_epmd" => {
                        self.start_epmd = match given.to_str() {
                            Some("true") => true,
                            Some("false") => false,
                            _ => {
                                return Err(Stop::Usage(
                                    "Expected boolean argument for '-start_epmd'.".into(),
                                ));
                            }
                        }
                    }
                    _ => self.distributed = true,
                }
                self.user.extend([name.into(), given.to_owned()]);
                return Ok(2);
            }
            _ => self.user.push(name.into()),
        }
        Ok(1)
    }

    /// A flag of the emulator: `+` becomes `-`, and its value goes with it.
    fn plus(&mut self, args: &[OsString], at: usize) -> Result<usize, Stop> {
        let arg = args[at].as_bytes();
        let flag = &arg[1..];
        let mut dashed = vec![b'-'];
        dashed.extend_from_slice(flag);
        let takes_value = match wants_value(flag) {
            Wants::Value => true,
            Wants::Nothing => false,
            Wants::OneOf(values) => args
                .get(at + 1)
                .is_some_and(|next| values.iter().any(|value| next == *value)),
            // OTP has already turned the sign when it complains about these.
            Wants::Refused { dashed: true } => {
                return Err(Stop::missing(&String::from_utf8_lossy(&dashed)));
            }
            Wants::Refused { dashed: false } => {
                return Err(Stop::missing(&String::from_utf8_lossy(arg)));
            }
        };
        let given = if takes_value {
            Some(value(args, at + 1, &String::from_utf8_lossy(arg))?.to_owned())
        } else {
            None
        };
        self.flags.push(OsString::from_vec(dashed));
        self.flags.extend(given);
        Ok(1 + usize::from(takes_value))
    }

    fn finish(mut self, install: &Installation, emulator: PathBuf) -> Result<Plan, Stop> {
        if self.no_epmd && !self.other_protocol {
            return Err(Stop::Error(
                "Missing -proto_dist option, expected when using -no_epmd.".into(),
            ));
        }
        if self.halt_afterwards {
            self.user
                .extend(["-s", "erlang", "halt"].map(OsString::from));
        }
        let mut argv = self.flags;
        argv.extend(["--", "-root"].map(OsString::from));
        argv.push(install.root.clone().into());
        argv.push("-bindir".into());
        argv.push(install.bindir.clone().into());
        argv.push("-progname".into());
        argv.push(install.progname.clone());
        argv.push("--".into());
        argv.extend(self.user);

        match self.show {
            Show::QuotedCommand => {
                let mut text = OsString::from(format!("\"{}\" ", emulator.display()));
                for arg in &argv[1..] {
                    text.push("\"");
                    text.push(arg);
                    text.push("\" ");
                }
                text.push("\n");
                return Err(Stop::Print(text));
            }
            Show::Args => {
                let mut text = OsString::new();
                for arg in &argv[1..] {
                    text.push(arg);
                    text.push("\n");
                }
                return Err(Stop::Print(text));
            }
            Show::Nothing | Show::Verbose => {}
        }
        let epmd = (self.distributed && self.start_epmd).then(|| {
            self.epmd_program.unwrap_or_else(|| {
                let mut command = OsString::from("\"");
                command.push(install.bindir.join("epmd"));
                command.push("\" -daemon");
                command
            })
        });
        Ok(Plan {
            emulator,
            argv,
            env: self.env,
            detached: self.detached,
            epmd,
            verbose: matches!(self.show, Show::Verbose),
        })
    }
}

enum Wants {
    Value,
    Nothing,
    /// The next argument, if it is one of these.
    OneOf(&'static [&'static str]),
    /// No such flag.
    Refused {
        dashed: bool,
    },
}

fn wants_value(flag: &[u8]) -> Wants {
    let Ok(flag) = std::str::from_utf8(flag) else {
        return Wants::Nothing;
    };
    let yes = |wants| if wants { Wants::Value } else { Wants::Nothing };
    for (start, names) in WITH_VALUE {
        if let Some(rest) = flag.strip_prefix(start) {
            // Of `+IO…` only these exist, alone or with the value glued to them.
            return match (*start, names.contains(&rest)) {
                ("IO", false) if !names.iter().any(|name| rest.starts_with(name)) => {
                    Wants::Refused { dashed: false }
                }
                (_, exact) => yes(exact),
            };
        }
    }
    match flag.as_bytes() {
        [b'I', ..] => Wants::Refused { dashed: false },
        [b'J', ..] => Wants::Value,
        [b'S', b'D', rest @ ..] => match rest {
            b"cpu" | b"Pcpu" | b"io" => Wants::Value,
            _ if [&b"cpu"[..], b"Pcpu", b"io"]
                .iter()
                .any(|name| rest.starts_with(name)) =>
            {
                Wants::Nothing
            }
            _ => Wants::Refused { dashed: false },
        },
        b"SP" => Wants::Value,
        [b'B'] => Wants::OneOf(&["i", "c", "d"]),
        [b'B', b'i' | b'c' | b'd', ..] => Wants::Nothing,
        [b'B', ..] => Wants::Refused { dashed: true },
        b"c" => Wants::OneOf(&["true", "false"]),
        [b'M', allocator, ..] => {
            let of_one = ALLOCATORS.as_bytes().contains(allocator)
                && flag
                    .get(2..)
                    .is_some_and(|rest| OF_AN_ALLOCATOR.contains(&rest));
            yes(of_one || OF_ALL_ALLOCATORS.contains(&&flag[1..]))
        }
        [letter] => yes(ALONE_WITH_VALUE.as_bytes().contains(letter)),
        _ => Wants::Nothing,
    }
}

/// `-man PAGE…`: the rest of the command line up to a separator goes to the system's `man`.
fn man(install: &Installation, rest: &[OsString]) -> Stop {
    let args = rest
        .iter()
        .take_while(|arg| !arg.as_bytes().starts_with(b"--"))
        .cloned()
        .collect();
    Stop::Man {
        args,
        path: install.root.join("man"),
    }
}

#[cfg(test)]
mod tests;
