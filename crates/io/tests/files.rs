//! Files, buffers and zlib streams, called as the modules of OTP call them.

mod world;

use corten_engine::Process;
use corten_term::Term;
use world::{Actor, apply, atom, call};

fn path<'h>(p: &'h Process, name: &str) -> Term<'h> {
    p.heap.binary(format!("{name}\0").as_bytes())
}

/// A directory of our own, removed at the end.
struct Scratch(String);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("corten-io-{}-{name}", std::process::id()));
        let dir = dir.to_string_lossy().into_owned();
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }
    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const PRIM_FILE: &str = "prim_file";

fn open<'h>(p: &'h Process, name: &str, modes: &[&str]) -> Result<Term<'h>, String> {
    let modes: Vec<_> = modes.iter().map(|m| atom(m)).collect();
    let opened = apply(
        p,
        PRIM_FILE,
        "open_nif",
        &[path(p, name), p.heap.list(&modes)],
    )?;
    let [tag, file] = opened.as_tuple_of::<2>().unwrap();
    if tag.is(corten_term::am::ok) {
        Ok(*file)
    } else {
        Err(world::show(*file))
    }
}

#[test]
fn an_open_file() {
    let dir = Scratch::new("open");
    let name = dir.file("f");
    Actor::new().run(move |p| {
        let h = &p.heap;
        let f = open(p, &name, &["read", "write"]).unwrap();
        let op = |name: &str, rest: &[Term<'_>]| {
            let arguments: Vec<_> = std::iter::once(f).chain(rest.iter().copied()).collect();
            call(p, PRIM_FILE, &format!("{name}_nif"), &arguments)
        };
        let data = h.list(&[h.binary(b"hello "), h.binary(&[b'w'; 100])]);
        assert_eq!(op("write", &[data]), "ok");
        assert_eq!(op("read", &[Term::small(10)]), "eof");
        assert_eq!(op("seek", &[atom("bof"), Term::small(2)]), "{ok,2}");
        assert_eq!(op("read", &[Term::small(4)]), "{ok,<<\"llo \">>}");
        assert_eq!(
            op("seek", &[atom("bof"), Term::small(-1)]),
            "{error,einval}"
        );
        assert_eq!(op("seek", &[atom("eof"), Term::small(-1)]), "{ok,105}");
        assert_eq!(
            op("pread", &[Term::small(0), Term::small(5)]),
            "{ok,<<\"hello\">>}"
        );
        assert_eq!(op("pread", &[Term::small(500), Term::small(5)]), "eof");
        assert_eq!(
            op("pread", &[Term::small(-1), Term::small(5)]),
            "{error,einval}"
        );
        assert_eq!(
            op("pwrite", &[Term::small(0), h.list(&[h.binary(b"J")])]),
            "ok"
        );
        assert_eq!(op("seek", &[atom("bof"), Term::small(5)]), "{ok,5}");
        assert_eq!(op("truncate", &[]), "ok");
        assert_eq!(op("allocate", &[Term::small(0), Term::small(10)]), "ok");
        assert_eq!(
            op("advise", &[Term::small(0), Term::small(0), atom("random")]),
            "ok"
        );
        assert_eq!(
            op("advise", &[Term::small(0), Term::small(0), atom("bad")]),
            "{error,einval}"
        );
        assert_eq!(op("sync", &[Term::small(1)]), "ok");
        assert!(op("read_handle_info", &[]).starts_with("{file_info,10,regular,read_write,"));
        assert_eq!(op("read", &[atom("x")]), "error:badarg");
        assert_eq!(op("close", &[]), "ok");
        assert_eq!(op("close", &[]), "{error,einval}");
        assert_eq!(op("read", &[Term::small(1)]), "{error,einval}");
        assert_eq!(std::fs::read(&name).unwrap(), b"Jello\0\0\0\0\0");
    });
}

#[test]
fn a_pointer_and_its_block() {
    let dir = Scratch::new("ipread");
    let name = dir.file("f");
    std::fs::write(&name, [0, 0, 0, 3, 0, 0, 0, 8, b'a', b'b']).unwrap();
    Actor::new().run(move |p| {
        let f = open(p, &name, &["read"]).unwrap();
        let read = |at: i64, max: i64| {
            let arguments = [f, Term::small(at), Term::small(max)];
            call(p, PRIM_FILE, "ipread_s32bu_p32bu_nif", &arguments)
        };
        assert_eq!(read(0, 100), "{ok,{3,8,<<\"ab\">>}}");
        assert_eq!(read(0, 2), "eof");
        assert_eq!(read(4, 100), "eof");
        assert_eq!(read(0, 1 << 31), "{error,einval}");
    });
}

#[test]
fn names_in_directories() {
    let dir = Scratch::new("names");
    let (a, b, sub) = (dir.file("a"), dir.file("b"), dir.file("sub"));
    let top = dir.0.clone();
    Actor::new().run(move |p| {
        let on = |name: &str, paths: &[&str]| {
            let paths: Vec<_> = paths.iter().map(|n| path(p, n)).collect();
            call(p, PRIM_FILE, &format!("{name}_nif"), &paths)
        };
        std::fs::write(&a, b"text").unwrap();
        assert_eq!(on("read_file", &[&a]), "{ok,<<\"text\">>}");
        assert_eq!(on("read_file", &[&b]), "{error,enoent}");
        assert_eq!(on("read_file", &[&top]), "{error,eisdir}");
        assert!(on("read_file", &["/proc/self/stat"]).starts_with("{ok,<<"));
        assert_eq!(on("make_dir", &[&sub]), "ok");
        assert_eq!(on("make_dir", &[&sub]), "{error,eexist}");
        assert_eq!(on("make_hard_link", &[&a, &b]), "ok");
        assert_eq!(on("rename", &[&b, &format!("{sub}/c")]), "ok");
        assert_eq!(on("del_dir", &[&sub]), "{error,eexist}");
        assert_eq!(on("make_soft_link", &["a", &b]), "ok");
        assert_eq!(on("read_link", &[&b]), "{ok,<<\"a\">>}");
        assert_eq!(on("read_link", &[&a]), "{error,einval}");
        assert_eq!(on("list_dir", &[&sub]), "{ok,[<<\"c\">>]}");
        assert_eq!(on("list_dir", &[&a]), "{error,enotdir}");
        assert_eq!(on("del_file", &[&sub]), "{error,eperm}");
        assert!(on("rename", &[&top, "/"]).starts_with("{error,"));
        let info = |name: &str, follow: i64| {
            let arguments = [path(p, name), Term::small(follow)];
            call(p, PRIM_FILE, "read_info_nif", &arguments)
        };
        assert!(info(&b, 0).starts_with("{file_info,1,symlink,"));
        assert!(info(&b, 1).starts_with("{file_info,4,regular,read_write,"));
        let times = [
            path(p, &a),
            Term::small(1_000_000_000),
            Term::small(1_000_000_001),
            Term::small(0),
        ];
        assert_eq!(call(p, PRIM_FILE, "set_time_nif", &times), "ok");
        assert!(info(&a, 1).contains("read_write,1000000000,1000000001,"));
        let permissions = [path(p, &a), Term::small(0o600)];
        assert_eq!(
            call(p, PRIM_FILE, "set_permissions_nif", &permissions),
            "ok"
        );
        assert_eq!(
            call(p, PRIM_FILE, "altname_nif", &[path(p, &a)]),
            "{error,enotsup}"
        );
        assert_eq!(
            call(p, PRIM_FILE, "read_file_nif", &[p.heap.binary(b"no end")]),
            "{error,einval}"
        );
        assert_eq!(open(p, &a, &["exclusive"]).err().unwrap(), "eexist");
        assert_eq!(open(p, &sub, &["read"]).err().unwrap(), "eisdir");
        assert!(open(p, &sub, &["read", "directory"]).is_ok());
    });
}

#[test]
fn a_buffer() {
    Actor::new().run(|p| {
        let h = &p.heap;
        let b = apply(p, "prim_buffer", "new", &[]).unwrap();
        let op = |name: &str, rest: &[Term<'_>]| {
            let arguments: Vec<_> = std::iter::once(b).chain(rest.iter().copied()).collect();
            call(p, "prim_buffer", name, &arguments)
        };
        assert_eq!(op("try_lock", &[]), "acquired");
        assert_eq!(op("try_lock", &[]), "busy");
        assert_eq!(op("unlock", &[]), "ok");
        assert_eq!(op("unlock", &[]), "error:lock_order_violation");
        assert_eq!(
            op(
                "write",
                &[h.list(&[h.binary(b"one\n"), h.binary(&[b'x'; 2000])])]
            ),
            "ok"
        );
        assert_eq!(op("size", &[]), "2004");
        assert_eq!(op("find_byte_index", &[Term::small(10)]), "{ok,3}");
        assert_eq!(op("find_byte_index", &[Term::small(0)]), "not_found");
        assert_eq!(op("copying_read", &[Term::small(4)]), "<<111,110,101,10>>");
        assert_eq!(op("skip", &[Term::small(1999)]), "ok");
        assert_eq!(op("peek_head", &[]), "<<\"x\">>");
        assert_eq!(op("skip", &[Term::small(2)]), "error:badarg");
    });
}

#[test]
fn compressed_streams() {
    let (a, other) = (Actor::new(), Actor::new());
    let packed = a.run(|p| {
        let h = &p.heap;
        let z = apply(p, "zlib", "open_nif", &[]).unwrap();
        let op = |name: &str, rest: &[Term<'_>]| {
            let arguments: Vec<_> = std::iter::once(z).chain(rest.iter().copied()).collect();
            call(p, "zlib", &format!("{name}_nif"), &arguments)
        };
        let n = Term::small;
        assert_eq!(
            op("deflate", &[n(8192), n(4000), n(0)]),
            "error:not_initialized"
        );
        assert_eq!(op("deflateInit", &[n(-1), n(8), n(31), n(8), n(0)]), "ok");
        assert_eq!(
            op("deflateInit", &[n(-1), n(8), n(31), n(8), n(0)]),
            "error:already_initialized"
        );
        assert_eq!(op("getStash", &[]), "empty");
        assert_eq!(op("setStash", &[h.tuple(&[n(1)])]), "ok");
        assert_eq!(op("setStash", &[n(2)]), "error:error");
        assert_eq!(op("getStash", &[]), "{ok,{1}}");
        assert_eq!(
            op(
                "enqueue",
                &[h.list(&[h.binary(b"hello"), h.binary(b" world")])]
            ),
            "ok"
        );
        let arguments = [z, n(8192), n(4000), n(4)];
        let done = apply(p, "zlib", "deflate_nif", &arguments).unwrap();
        let [tag, output] = done.as_tuple_of::<2>().unwrap();
        assert_eq!(world::show(*tag), "finished");
        assert_eq!(op("deflateEnd", &[]), "ok");
        assert_eq!(op("close", &[]), "ok");
        assert_eq!(op("close", &[]), "error:not_initialized");
        let parts = output.to_vec().unwrap();
        parts[0].to_bytes().unwrap().into_owned()
    });
    assert!(packed.starts_with(&[0x1f, 0x8b]));
    let stream = a.run(move |p| {
        let h = &p.heap;
        let z = apply(p, "zlib", "open_nif", &[]).unwrap();
        let op = |name: &str, rest: &[Term<'_>]| {
            let arguments: Vec<_> = std::iter::once(z).chain(rest.iter().copied()).collect();
            call(p, "zlib", &format!("{name}_nif"), &arguments)
        };
        let n = Term::small;
        assert_eq!(op("inflateInit", &[n(47), n(0)]), "ok");
        let (one, two) = packed.split_at(9);
        op("enqueue", &[h.list(&[h.binary(one), h.binary(two)])]);
        assert_eq!(
            op("inflate", &[n(8192), n(4), n(0)]),
            "{continue,[<<\"hell\">>]}"
        );
        assert_eq!(
            op("inflate", &[n(8192), n(100), n(0)]),
            "{finished,[<<\"o world\">>]}"
        );
        op("enqueue", &[h.list(&[h.binary(b"more")])]);
        assert_eq!(op("inflate", &[n(8192), n(100), n(0)]), "error:data_error");
        assert_eq!(op("inflateReset", &[]), "ok");
        op("enqueue", &[h.list(&[h.binary(b"no compressed data")])]);
        assert_eq!(op("inflate", &[n(8192), n(100), n(0)]), "error:data_error");
        z.magic_handle().unwrap()
    });
    other.run(move |p| {
        let z = p.heap.magic_reference(stream);
        assert_eq!(
            call(p, "zlib", "inflateReset_nif", &[z]),
            "error:not_on_controlling_process"
        );
    });
}

#[test]
fn signals_become_messages() {
    let a = Actor::new();
    let set = |signal: &'static str, what: &'static str| {
        a.run(move |p| call(p, "os", "set_signal", &[atom(signal), atom(what)]))
    };
    assert_eq!(set("sigusr2", "handle"), "ok");
    assert_eq!(set("sigspam", "handle"), "error:badarg");
    assert_eq!(set("sigusr2", "spam"), "error:badarg");
    let name = corten_term::am::erl_signal_server;
    corten_engine::registry::register(name, corten_engine::registry::Registered::Process(a.pid))
        .unwrap();
    let kill = format!("kill -USR2 {}", std::process::id());
    std::process::Command::new("sh")
        .args(["-c", &kill])
        .status()
        .unwrap();
    assert_eq!(a.message(), "{notify,sigusr2}");
}

#[test]
fn the_network_of_this_machine() {
    Actor::new().run(|p| {
        let name = call(p, "prim_net", "nif_gethostname", &[]);
        assert!(name.starts_with("{ok,\""));
        let lo = call(
            p,
            "prim_net",
            "nif_if_name2index",
            &[p.heap.latin1_string(b"nonsense")],
        );
        assert_eq!(lo, "{error,enodev}");
        let host = p.heap.latin1_string(b"127.0.0.1");
        let found = call(
            p,
            "prim_net",
            "nif_getaddrinfo",
            &[host, atom("undefined"), atom("undefined")],
        );
        assert!(found.starts_with("{ok,[#{"), "{found}");
        let map = corten_term::map::empty(&p.heap);
        assert!(call(p, "prim_net", "nif_getifaddrs", &[map]).contains("{127,0,0,1}"));
    });
}
