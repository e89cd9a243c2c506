//! From the emulator's argv to `EmulatorArgs`: the flags before the first `--`, then what `init` gets.
//!
//! Errors carry OTP's own line and are followed by the usage, which is printed from the table.

use super::flags::Flags;
use super::number::Bad;
use super::table::{self, FLAGS, Flag, Value};
use super::{alloc, cpus::Cpus};

/// What the flags ask for.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    Run(Box<Flags>),
    /// `-V`
    ShowVersion,
}

/// The line for standard error; the usage follows. `None`: the usage alone.
#[derive(Debug, PartialEq, Eq)]
pub struct FlagError(pub Option<String>);

/// Parses `args` (argv without its first element) up to the first `--`; also returns where that is.
/// `program` is argv[0] as error messages name it; `note` gets warnings that do not stop the start.
pub fn parse(
    program: &str,
    args: &[String],
    cpus: &Cpus,
    release: u32,
    note: &mut dyn FnMut(&str),
) -> Result<(Parsed, usize), FlagError> {
    let mut flags = Flags::for_machine(cpus, release);
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        if arg == "--" {
            break;
        }
        let Some(name) = arg.strip_prefix('-') else {
            return Err(FlagError(None));
        };
        let next = args.get(at + 1).map(String::as_str);
        at += 1;
        match name.as_bytes().first() {
            Some(b'V') => return Ok((Parsed::ShowVersion, at)),
            Some(b'v') => note("warning: -v (only in debug compiled code)"),
            Some(b'H') => note("The undocumented +H option has been removed (R10B-6).\n"),
            Some(b'M') => {
                let (name, value, took_next) = alloc::parse(name, next).map_err(says)?;
                flags.alloc.insert(name, value);
                at += usize::from(took_next);
            }
            _ => at += usize::from(one(program, &mut flags, arg, name, next, note)?),
        }
    }
    table::settle(&mut flags).map_err(says)?;
    Ok((Parsed::Run(Box::new(flags)), at))
}

/// Applies one flag; true if `next` was its value.
fn one(
    program: &str,
    flags: &mut Flags,
    arg: &str,
    name: &str,
    next: Option<&str>,
    note: &mut dyn FnMut(&str),
) -> Result<bool, FlagError> {
    let Some(flag) = lookup(name, flags.system.release) else {
        return match unknown(program, arg) {
            Unknown::Fatal(line) => Err(says(line)),
            Unknown::Ignored(Some(line)) => {
                note(&line);
                Ok(false)
            }
            Unknown::Ignored(None) => Ok(false),
        };
    };
    let glued = &name[flag.name.len()..];
    let (value, took_next) = match flag.value {
        Value::None => ("", false),
        _ if !glued.is_empty() => (glued, false),
        Value::Required => (next.ok_or_else(|| says("too few arguments".into()))?, true),
        Value::Optional(values) => match next {
            Some(next) if values.contains(&next) => (next, true),
            _ => ("", false),
        },
    };
    (flag.set)(flags, value).map_err(|bad| match bad {
        Bad::Value => says(flag.bad.replacen("{}", value, 1)),
        Bad::Says(line) => says(line),
    })?;
    Ok(took_next)
}

fn lookup(name: &str, release: u32) -> Option<&'static Flag> {
    FLAGS
        .iter()
        .filter(|flag| name.starts_with(flag.name) && table::since(flag.name) <= release)
        .max_by_key(|flag| flag.name.len())
        .filter(
            // `-S` is no excuse for `-SDfoo`, nor `-p` for anything.
            |flag| flag.name != "S" || !name.starts_with("SD"),
        )
}

enum Unknown {
    Fatal(String),
    Ignored(Option<String>),
}

fn unknown(program: &str, arg: &str) -> Unknown {
    match arg.as_bytes().get(1) {
        Some(b's') => Unknown::Fatal(format!("bad scheduling option {arg}")),
        Some(b'z') => Unknown::Fatal(format!("bad -z option {arg}")),
        Some(b'S') => Unknown::Fatal(format!("bad or missing dirty scheduler specifier: {arg}")),
        Some(b'J') => match arg.as_bytes().get(2) {
            Some(b'D' | b'P') => Unknown::Ignored(None),
            Some(b'M') => {
                Unknown::Fatal(format!("bad +JM sub-option {}", arg.get(3..).unwrap_or("")))
            }
            _ => Unknown::Ignored(Some(format!("invalid JIT option {arg}"))),
        },
        _ => Unknown::Fatal(format!("{program} unknown flag {arg}")),
    }
}

fn says(line: String) -> FlagError {
    FlagError(Some(line))
}

/// The usage text, from the table.
pub fn usage(program: &str) -> String {
    let base = program.rsplit('/').next().unwrap_or(program);
    let mut text = format!("Usage: {base} [flags] [ -- [init_args] ]\nThe flags are:\n\n");
    let mut documented: Vec<&Flag> = FLAGS.iter().filter(|flag| !flag.help.is_empty()).collect();
    documented.sort_by_key(|flag| (flag.name.to_lowercase(), flag.name));
    for flag in documented {
        let head = format!("-{} {}", flag.name, flag.takes);
        let head = head.trim_end();
        let gap = if head.len() < 15 {
            " ".repeat(15 - head.len())
        } else {
            format!("\n{:15}", "")
        };
        text.push_str(&format!("{head}{gap}{}\n", flag.help));
    }
    text.push_str("-M<X> <Y>      memory allocator flags: accepted, without effect\n");
    text.push_str("-V             print the emulator's version\n");
    text.push_str(
        "\nStarted through erl or erlexec, these flags are written with + in front.\n\n\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::super::flags::{Break, BusyWait, Warp};
    use super::*;

    const CPUS: Cpus = Cpus {
        configured: 4,
        usable: 2,
    };

    fn run(line: &str) -> Result<Flags, String> {
        let args: Vec<String> = line.split_whitespace().map(String::from).collect();
        match parse("/x/beam.smp", &args, &CPUS, 27, &mut |_| {}) {
            Ok((Parsed::Run(flags), _)) => Ok(*flags),
            Ok((Parsed::ShowVersion, _)) => Err("version".into()),
            Err(FlagError(line)) => Err(line.unwrap_or_default()),
        }
    }

    #[test]
    fn typed_values() {
        let f = run(
            "-S 3:1 -SDcpu 2:1 -SDio 7 -A5 -P 262144 -Q 4096 -t 100000 -hms 500 -hmqd off_heap \
                     -c true -C multi_time_warp -sbwt none -Bi -K true -MHsbct 512 -zdbbl 5 +",
        )
        .expect_err("the last argument is no flag");
        assert_eq!(f, "");
        let f = run("-S 3:1 -SDcpu 2:1 -SDio 7 -A5 -P 262144 -Q4096 -t 100000 -hms 500 -hmqd off_heap \
                     -c -C multi_time_warp -sbwt none -Bi -K true -MHsbct 512 -zdbbl 5 -pc unicode -- -x")
            .expect("all are good");
        let s = &f.schedulers;
        assert_eq!(
            (
                s.total,
                s.online,
                s.dirty_cpu,
                s.dirty_cpu_online,
                s.dirty_io
            ),
            (3, 1, 2, 1, 7)
        );
        assert_eq!((s.async_threads, s.busy_wait), (5, BusyWait::None));
        assert_eq!(
            (f.limits.processes, f.limits.ports, f.limits.atoms),
            (262_144, Some(4096), 100_000)
        );
        assert_eq!((f.heap.min, f.heap.off_heap_messages), (500, true));
        assert_eq!((f.time.correction, f.time.warp), (false, Warp::Multi));
        assert_eq!(
            (f.system.break_key, f.dist.buffer_busy_limit),
            (Break::Ignore, 5120)
        );
        assert_eq!(f.alloc.get("MHsbct").map(String::as_str), Some("512"));
        assert!(f.text.printable_unicode);
    }

    #[test]
    fn defaults_follow_the_machine() {
        let f = run("").expect("nothing is good");
        assert_eq!((f.schedulers.total, f.schedulers.online), (4, 2));
        let f = run("-SP 50").expect("half");
        assert_eq!(
            (
                f.schedulers.total,
                f.schedulers.online,
                f.schedulers.dirty_cpu
            ),
            (2, 1, 2)
        );
        let f = run("-S 8").expect("more than there are");
        assert_eq!((f.schedulers.total, f.schedulers.online), (8, 2));
        let f = run("-S 0:-1").expect("counted from the default");
        assert_eq!((f.schedulers.total, f.schedulers.online), (4, 1));
    }

    #[test]
    fn errors_are_otps() {
        for (line, said) in [
            ("-zz", "bad -z option -zz"),
            ("-b", "/x/beam.smp unknown flag -b"),
            (
                "-S 0:99",
                "bad amount of schedulers online 99 (total amount of schedulers 4)",
            ),
            ("-S x", "bad amount of schedulers x"),
            ("-P 1", "bad number of processes 1"),
            ("-hms x", "bad heap size x"),
            ("-Mea foo", "bad \"Mea\" parameter"),
            (
                "-sbt q",
                "setting scheduler bind type 'q' failed: invalid type",
            ),
            ("-IOt 0", "bad I/O poll threads number: 0"),
            (
                "-fn --",
                "bad filename encoding --, can be (l,u or a, optionally followed by w, i or e)",
            ),
            ("-Wz", "unrecognized warning_map option z"),
            ("-sxx", "bad scheduling option -sxx"),
            ("-SDx 1", "bad or missing dirty scheduler specifier: -SDx"),
            ("-P", "too few arguments"),
            ("-V", "version"),
        ] {
            assert_eq!(run(line), Err(said.into()), "{line}");
        }
    }

    /// Each line: flags as the user writes them, the reference's exit status, its first line on standard error.
    #[test]
    fn says_what_the_reference_said() {
        let two = Cpus {
            configured: 2,
            usable: 2,
        };
        let install = crate::erlexec::Installation {
            root: "/r".into(),
            bindir: "/b".into(),
            progname: "erl".into(),
            emu: "beam".into(),
            release: 27,
        };
        let recorded: Vec<&str> = include_str!("testdata/flags.txt").lines().collect();
        assert!(recorded.len() > 150);
        for line in recorded {
            let fields: Vec<&str> = line.split('\t').collect();
            let [flags, status, said] = fields[..] else {
                panic!("not a recording: {line}")
            };
            let given: Vec<std::ffi::OsString> = flags.split(' ').map(Into::into).collect();
            let plan = crate::erlexec::plan(&install, &given, &|_| None).expect("a plan");
            let args: Vec<String> = plan.argv[1..]
                .iter()
                .map(|arg| arg.to_string_lossy().into_owned())
                .collect();
            let mut noted = String::new();
            let parsed = parse("/b/beam.smp", &args, &two, 27, &mut |note| {
                noted = note.to_string()
            });
            match parsed {
                Ok(_) if status == "0" || !noted.is_empty() => assert_eq!(noted, said, "{flags}"),
                Err(FlagError(error)) if status == "1" => {
                    let usage = || "Usage: beam.smp [flags] [ -- [init_args] ]".into();
                    let error = if noted.is_empty() {
                        error.unwrap_or_else(usage)
                    } else {
                        noted
                    };
                    assert_eq!(error.lines().next(), Some(said), "{flags}");
                }
                other => panic!("{flags}: {other:?} instead of status {status} and {said:?}"),
            }
        }
    }

    #[test]
    fn hostile_arguments_do_no_harm() {
        for line in [
            "-S 99999999999999999999",
            "-MB",
            "-M",
            "-",
            "-fn\u{e4}",
            "-J",
            "-sct L:",
            "-SP -5",
        ] {
            let _ = run(line);
        }
    }
}
