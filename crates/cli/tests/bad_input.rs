//! What bad input gets: OTP's own error or one clear line, and a status that is not zero; never a panic.
//!
//! Needs an OTP that `corten otp` finds; says so and does nothing where there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const CORTEN: &str = env!("CARGO_BIN_EXE_corten");

fn otp() -> Option<PathBuf> {
    let found = Command::new(CORTEN).args(["otp", "root"]).output().ok()?;
    let root = String::from_utf8(found.stdout).ok()?;
    let root = Path::new(root.trim()).to_path_buf();
    if !found.status.success() {
        println!("note: there is no OTP here, nothing is tried");
        return None;
    }
    Some(root)
}

struct Dir(PathBuf);
impl Dir {
    fn new(name: &str) -> Dir {
        let dir = std::env::temp_dir().join(format!("corten-bad-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Dir(dir)
    }
    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}
impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn erl(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(CORTEN);
    command
        .arg("erl")
        .args(args)
        .envs(env.iter().copied())
        .env("ERL_CRASH_DUMP_SECONDS", "0")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null());
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Ended by itself, not well, having said why, and not by a panic.
fn refused(what: &str, output: &Output) -> String {
    let text = text(output);
    assert!(
        output.status.code().is_some_and(|c| c != 0),
        "{what}: {:?} {text}",
        output.status
    );
    assert!(!text.trim().is_empty(), "{what}: nothing said");
    assert!(
        !text.contains("panicked") && !text.contains("RUST_BACKTRACE"),
        "{what}: {text}"
    );
    text
}

#[test]
fn boot_scripts() {
    let Some(root) = otp() else { return };
    let dir = Dir::new("boot");
    let good = fs::read(root.join("bin/start_clean.boot")).unwrap();
    let boot = |what: &str, content: &[u8]| {
        let file = dir.file("x.boot", content);
        let name = file.strip_suffix(".boot").unwrap();
        refused(
            what,
            &erl(&["-noshell", "-boot", name, "-eval", "halt(0)."], &[]),
        )
    };
    boot("empty", &[]);
    boot("no term", b"this is no boot script");
    for part in [1, 2, 10, good.len() / 2, good.len() - 1] {
        boot("cut off", &good[..part]);
    }
    // {script, x, [y]}, an atom, a script that asks for a module that there is not.
    boot("an atom", b"\x83w\x02ok");
    boot(
        "not a script",
        b"\x83h\x03w\x06scriptw\x01xl\0\0\0\x01w\x01yj",
    );
    let huge = b"\x83h\x03w\x06scriptw\x01xl\xff\xff\xff\xff";
    boot("a huge list", huge);
    let missing = erl(&["-noshell", "-boot", "/no/such/file"], &[]);
    refused("missing", &missing);
}

#[test]
fn flags_and_variables() {
    if otp().is_none() {
        return;
    }
    let halt = ["-noshell", "-eval", "halt(0)."];
    for flags in [
        "+S x",
        "+P",
        "+P -1",
        "+P 99999999999999999999",
        "+zz",
        "+A 100000",
        "+hms x",
        "+t -1",
        "+Mxx",
        "+sbwt quickly",
        "+W x",
        "+R 1",
        "-args_file /no/such/file",
        "-boot",
        "-mode x -boot /no",
    ] {
        refused(flags, &erl(&halt, &[("ERL_AFLAGS", flags)]));
    }
    let odd = "\u{1}\\ '\" %s %n $(x) `x`";
    for name in [
        "ERL_FLAGS",
        "ERL_ZFLAGS",
        "ERL_LIBS",
        "ERL_INETRC",
        "ERL_CRASH_DUMP",
        "ERL_FULLSWEEP_AFTER",
        "TERM",
        "LANG",
    ] {
        // Odd values that a node may well start with.
        let output = erl(&halt, &[(name, odd)]);
        assert!(
            !text(&output).contains("panicked"),
            "{name}: {}",
            text(&output)
        );
        assert!(
            output.status.code().is_some(),
            "{name}: {:?}",
            output.status
        );
    }
    for root in ["/dev/null", "/no/such/directory", "", "/"] {
        let said = refused(root, &erl(&halt, &[("CORTEN_OTP_ROOT", root)]));
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}

/// Every kind of damage to a module, in one node: each is refused as `badfile`, or loads.
#[test]
fn modules() {
    if otp().is_none() {
        return;
    }
    let dir = Dir::new("beam");
    let source = dir.file(
        "victim.erl",
        b"-module(victim).\n-export([f/1, g/2]).\n-record(r, {a, b}).\n\
          f(<<A:8, B/binary>>) -> try g(A, B) catch error:E -> {E, \"text\", 1.5, 1 bsl 70} end;\n\
          f(#r{a = X}) -> fun(Y) -> [X | Y] end;\nf(#{k := V} = M) -> M#{k => {V}};\nf(X) -> receive X -> X after 10 -> late end.\n\
          g(A, B) -> <<A:16, B/binary, \"lit\">>.\n",
    );
    let program = format!(
        "{{ok, victim, B}} = compile:file(\"{source}\", [binary, debug_info]), \
         {{ok, _, Cs}} = beam_lib:all_chunks(B), \
         Try = fun(X) -> case code:load_binary(victim, \"victim.beam\", X) of \
                 {{module, victim}} -> code:purge(victim), code:delete(victim), code:purge(victim), 1; \
                 {{error, badfile}} -> 0 end end, \
         logger:set_primary_config(level, none), \
         1 = Try(B), \
         Cut = [Try(binary:part(B, 0, N)) || N <- lists:seq(0, byte_size(B) - 1, 3)], \
         0 = lists:sum(Cut), \
         Build = fun(L) -> {{ok, X}} = beam_lib:build_module(L), X end, \
         [Try(Build(lists:keydelete(Id, 1, Cs))) || {{Id, _}} <- Cs], \
         [Try(Build(lists:keyreplace(Id, 1, Cs, {{Id, binary:part(C, 0, N)}}))) \
          || {{Id, C}} <- Cs, Id =/= \"Dbgi\", N <- lists:seq(0, byte_size(C) - 1, 1 + byte_size(C) div 40)], \
         [Try(Build(lists:keyreplace(Id, 1, Cs, {{Id, <<(-1):128>>}}))) || {{Id, _}} <- Cs], \
         Code = element(2, lists:keyfind(\"Code\", 1, Cs)), \
         <<H:8/binary, _:32, T/binary>> = Code, \
         0 = Try(Build(lists:keyreplace(\"Code\", 1, Cs, {{\"Code\", <<H/binary, 255:32, T/binary>>}}))), \
         0 = Try(<<>>), 0 = Try(zlib:gzip(<<\"no\">>)), 0 = Try(<<31, 139, 8>>), 1 = Try(zlib:gzip(B)), \
         io:put_chars(\"all done\"), halt(0)."
    );
    let output = erl(&["-noshell", "-eval", &program], &[]);
    assert!(
        output.status.success() && text(&output).ends_with("all done"),
        "{}",
        text(&output)
    );
}
