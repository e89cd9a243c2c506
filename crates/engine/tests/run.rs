//! Runs small compiled functions on a bare process, without scheduler: what the interpreter does with them.
//!
//! Needs an `erlc`: the one that `ERLC` names, or that is on the PATH; without one the tests pass vacuously.

use corten_engine::code::server;
use corten_engine::interp::{self, Outcome, Registers};
use corten_engine::node::Config;
use corten_engine::process::Process;
use corten_engine::{gc, node};
use corten_term::{Atom, Pid, Term};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

fn compiled() -> Option<PathBuf> {
    static OUT: OnceLock<Option<PathBuf>> = OnceLock::new();
    OUT.get_or_init(|| {
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
        let erlc = std::env::var("ERLC").unwrap_or_else(|_| "erlc".into());
        let status = Command::new(erlc)
            .current_dir(programs)
            .arg("-o")
            .arg(&out)
            .arg("bringup.erl")
            .status();
        matches!(status, Ok(s) if s.success()).then(|| out.join("bringup.beam"))
    })
    .clone()
}

fn start() -> Option<()> {
    static STARTED: OnceLock<bool> = OnceLock::new();
    STARTED
        .get_or_init(|| {
            let Some(beam) = compiled() else {
                eprintln!("no erlc: nothing is tested");
                return false;
            };
            node::init(Config::default(), corten_bifs::TABLES);
            let bytes = std::fs::read(beam).expect("just compiled");
            let prepared = server::prepare(None, &bytes).expect("a good file");
            server::commit(&prepared).expect("not committed yet");
            true
        })
        .then_some(())
}

fn print(t: Term<'_>) -> String {
    String::from_utf8_lossy(&corten_term::print::to_bytes(t, i64::MAX)).into_owned()
}

/// Calls a function of `bringup` and prints its value, or the exception.
fn call(name: &str, build: impl for<'h> Fn(&'h Process) -> Vec<Term<'h>>) -> String {
    let p = Process::new(Pid::from_data(77), &node().config);
    gc::new_block(&p, 0);
    let args = build(&p);
    let atom = |name| Term::atom(Atom::new(name).unwrap());
    let list = p.heap.list(&[atom(name), p.heap.list(&args)]);
    p.x[0].set(atom("bringup").raw());
    p.x[1].set(atom("result").raw());
    p.x[2].set(list.raw());
    p.live.set(3);
    p.pc.set(interp::static_code::spawn_entry());
    let mut registers = Registers::new();
    loop {
        p.reductions_left.set(4000);
        match interp::run(&p, &mut registers) {
            Outcome::Yield => {}
            Outcome::Exited => break,
            other => return format!("{other:?}"),
        }
    }
    // SAFETY: the exception is a root of the process.
    let reason = unsafe { Term::from_raw(p.exception.reason.get()) };
    let text = print(reason);
    let raw = unsafe { Term::from_raw(p.exception.trace.get()) };
    let text = match p.exception.class.get() {
        corten_engine::process::Class::Exit => text,
        class => {
            format!(
                "{class:?} {text} {}",
                print(interp::stacktrace::build(&p, raw))
            )
        }
    };
    gc::free(&p);
    text
}

fn check(cases: &[(&str, &[i64], &str)]) {
    if start().is_none() {
        return;
    }
    let mut wrong = Vec::new();
    for (name, args, want) in cases {
        let got = call(name, |_| args.iter().map(|v| Term::small(*v)).collect());
        if got != *want {
            wrong.push(format!("{name}{args:?}\n  got  {got}\n  want {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions() {
    check(&[
        ("fib", &[20], "6765"),
        ("nrev_sum", &[300], "45150"),
        ("deep_sum", &[100000], "5000050000"),
        ("big", &[30], "265252859812191058636308480000000"),
        ("floats", &[3], "1.375000e+00"),
        ("maps", &[10], "{10,100,10,101,yes,none}"),
        ("maps", &[100], "{10,1000,100,1001,yes,none}"),
        ("funs", &[5], "{6,[6,7,8],true,55,true}"),
        ("records", &[1], "{1,2,7,true}"),
        ("selects", &[], "[1,2,3,9,4,5,6,9,7,8,9]"),
        ("applies", &[], "{144,3,12}"),
        ("compare", &[], "{true,false,true,true,true,true,true}"),
        ("mixed", &[2000], "{21,50}"),
    ]);
}

#[test]
fn binaries() {
    check(&[
        (
            "binaries",
            &[],
            "{1,15,513,-2,3.500000e+00,<<\"abc\">>,16,100,5050,<<194,196,198>>}",
        ),
        ("utf", &[], "{233,8364,128512,65}"),
        (
            "bs_fail",
            &[],
            "#{cause=>{2,integer,type,x},function=>format_bs_fail,module=>erl_erts_errors}",
        ),
    ]);
}

#[test]
fn exceptions() {
    check(&[
        (
            "catches",
            &[],
            "{x,caught,{exited,gone},true,{bringup,f,[3],[{file,\"bringup.erl\"},{line,74}]},9,ok,v}",
        ),
        ("undef", &[], "{nosuch,thing,[1,2],[]}"),
        (
            "trace",
            &[],
            "[{erlang,atom_to_list,[1],[{error_info,#{module=>erl_erts_errors}}]},\
             {bringup,trace,0,[{file,\"bringup.erl\"},{line,78}]},\
             {bringup,result,2,[{file,\"bringup.erl\"},{line,4}]}]",
        ),
    ]);
}

/// Not a test: `cargo test --release -p corten-engine --test run -- --ignored --nocapture speed`.
#[test]
#[ignore]
fn speed() {
    if start().is_none() {
        return;
    }
    for (name, args) in [
        ("fib", vec![30]),
        ("nrev_times", vec![500, 100]),
        ("loop", vec![10_000_000]),
        ("sum_times", vec![1000, 2000]),
        ("mixed", vec![100_000]),
        ("append_times", vec![200_000]),
    ] {
        let t = std::time::Instant::now();
        let got = call(name, |_| args.iter().map(|v| Term::small(*v)).collect());
        println!("{name} {} ms {got}", t.elapsed().as_millis());
    }
}
