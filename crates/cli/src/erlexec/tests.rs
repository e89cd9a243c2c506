//! `plan` against what OTP's own erlexec did with the same command lines (`testdata/record.sh`).

use super::*;

#[derive(Default, Debug)]
struct Case {
    env: Vec<(String, String)>,
    args: Vec<OsString>,
    emulator_args: Vec<String>,
    path: String,
    colour: String,
    stdout: Vec<String>,
    error: String,
    status: i32,
}

fn recorded() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("testdata/recorded.txt").lines() {
        if line == "case" {
            cases.push(Case::default());
            continue;
        }
        let case = cases.last_mut().expect("the recording begins with `case`");
        let (mark, text) = (line.as_bytes()[0], line.get(2..).unwrap_or("").to_string());
        match mark {
            b'$' => {
                let (name, value) = text.split_once('=').expect("an assignment");
                case.env.push((name.into(), value.into()));
            }
            b'>' => case.args.push(text.into()),
            b'<' => case.emulator_args.push(text),
            b'P' => case.path = text,
            b'C' => case.colour = text,
            b'O' => case.stdout.push(text),
            b'!' => case.error = text,
            b'=' => case.status = text.parse().expect("a status"),
            other => panic!("unknown mark {other}"),
        }
    }
    cases
}

fn run(case: &Case) -> Result<Plan, Stop> {
    let install = Installation {
        root: "/r".into(),
        bindir: "/b".into(),
        progname: "erl".into(),
        emu: "beam".into(),
        release: 27,
    };
    let env = |name: &str| {
        let given = case
            .env
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        let default = match name {
            "HOME" => Some("/h"),
            "PATH" => Some("/usr/bin:/bin"),
            _ => None,
        };
        given.or(default).map(OsString::from)
    };
    plan(&install, &case.args, &env)
}

#[test]
fn does_what_otps_erlexec_did() {
    let cases = recorded();
    assert!(cases.len() > 60);
    for case in cases {
        let label = format!("{:?} {:?}", case.env, case.args);
        match run(&case) {
            Ok(plan) => {
                let argv: Vec<String> = plan.argv[1..]
                    .iter()
                    .map(|arg| arg.to_string_lossy().into_owned())
                    .collect();
                let last = |name: &str| {
                    let found = plan.env.iter().rev().find(|(key, _)| key == name);
                    found
                        .map(|(_, value)| value.to_string_lossy().into_owned())
                        .unwrap_or_default()
                };
                if plan.verbose {
                    // The emulator's output follows OTP's own line in this recording.
                    continue;
                }
                assert_eq!(argv, case.emulator_args, "{label}");
                assert_eq!(last("PATH"), case.path, "{label}");
                assert_eq!(last("COLOUR"), case.colour, "{label}");
                assert_eq!(case.status, 0, "{label}");
            }
            Err(Stop::Print(text)) => {
                assert_eq!(
                    text.to_string_lossy().trim_end_matches('\n'),
                    case.stdout.join("\n"),
                    "{label}"
                );
                assert_eq!(case.status, 0, "{label}");
            }
            Err(Stop::Usage(line)) => {
                let here = std::env::current_dir()
                    .expect("a directory")
                    .display()
                    .to_string();
                let line = line.replace(&here, "HERE");
                assert!(
                    line == case.error
                        || (line.contains("HERE") && case.error.contains("arguments file")),
                    "{label}: {line:?} instead of {:?}",
                    case.error
                );
                assert_eq!(case.status, 1, "{label}");
            }
            Err(Stop::Error(line)) => {
                let first = line.lines().next().unwrap_or("").trim_end();
                assert_eq!(
                    format!("erlexec: {first}"),
                    case.error.trim_end(),
                    "{label}"
                );
                assert_eq!(case.status, 1, "{label}");
            }
            Err(Stop::Man { .. }) => panic!("{label}: no case asks for a manual page"),
        }
    }
}

#[test]
fn escript_name_becomes_the_name_of_the_program() {
    let case = Case {
        env: vec![("ESCRIPT_NAME".into(), "/some/script".into())],
        ..Case::default()
    };
    let plan = run(&case).expect("a plan");
    assert_eq!(plan.argv[0], "/some/script");
    assert_eq!(plan.emulator, PathBuf::from("/b/beam.smp"));
}

#[test]
fn a_file_that_names_itself_is_refused() {
    let dir = std::env::temp_dir().join(format!("corten-args-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let file = dir.join("loop.args");
    std::fs::write(&file, format!("-args_file {}", file.display())).expect("a file");
    let case = Case {
        args: vec!["-args_file".into(), file.into()],
        ..Case::default()
    };
    assert!(matches!(run(&case), Err(Stop::Usage(_))));
    std::fs::remove_dir_all(&dir).expect("removed");
}
