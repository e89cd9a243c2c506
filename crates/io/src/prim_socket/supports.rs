//! What sockets can do here, in the form that `prim_socket.erl` makes its tables of.

use super::options::{LEVELS, Level};
use crate::atoms::intern;
use corten_engine::{Args, BifResult, Process, node};
use corten_term::Term;

fn atom(name: &str) -> Term<'static> {
    Term::atom(intern(name))
}

fn pairs<'h>(p: &'h Process, pairs: impl Iterator<Item = (Term<'h>, Term<'h>)>) -> Term<'h> {
    let all: Vec<_> = pairs.map(|(k, v)| p.heap.tuple(&[k, v])).collect();
    p.heap.list(&all)
}

/// Parts of the whole.
const PARTS: [(&str, bool); 5] = [
    ("sctp", false),
    ("ipv6", true),
    ("local", true),
    ("netns", false),
    ("sendfile", true),
];

pub fn all<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(pairs(
        p,
        PARTS.iter().map(|(k, v)| (atom(k), Term::bool(*v))),
    ))
}

/// Flags of messages.
const MESSAGE_FLAGS: [(&str, i32); 11] = [
    ("cmsg_cloexec", libc::MSG_CMSG_CLOEXEC),
    ("confirm", libc::MSG_CONFIRM),
    ("ctrunc", libc::MSG_CTRUNC),
    ("dontroute", libc::MSG_DONTROUTE),
    ("eor", libc::MSG_EOR),
    ("errqueue", libc::MSG_ERRQUEUE),
    ("more", libc::MSG_MORE),
    ("nosignal", libc::MSG_NOSIGNAL),
    ("oob", libc::MSG_OOB),
    ("peek", libc::MSG_PEEK),
    ("trunc", libc::MSG_TRUNC),
];

/// Protocols with all their names, as the system's table has them; those that options belong to are there always.
fn protocols<'h>(p: &'h Process) -> Term<'h> {
    let mut known: Vec<(i64, Vec<String>)> = Vec::new();
    let mut add = |number: i64, names: &[&str]| {
        let at = known.iter().position(|k| k.0 == number);
        let at = at.unwrap_or_else(|| {
            known.push((number, Vec::new()));
            known.len() - 1
        });
        for name in names {
            if !known[at].1.iter().any(|n| n == name) {
                known[at].1.push((*name).to_string());
            }
        }
    };
    let table = std::fs::read_to_string("/etc/protocols").unwrap_or_default();
    for line in table.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (Some(name), Some(Ok(number))) = (words.next(), words.next().map(str::parse)) else {
            continue;
        };
        let names: Vec<_> = std::iter::once(name).chain(words).collect();
        add(number, &names);
    }
    for (number, name) in [
        (0, "ip"),
        (1, "icmp"),
        (6, "tcp"),
        (17, "udp"),
        (41, "ipv6"),
        (132, "sctp"),
    ] {
        add(number, &[name]);
    }
    let all: Vec<_> = known
        .iter()
        .map(|(number, names)| {
            let names: Vec<_> = names.iter().map(|n| atom(n)).collect();
            p.heap.tuple(&[p.heap.list(&names), Term::small(*number)])
        })
        .collect();
    p.heap.list(&all)
}

/// `[{Level, [{Option, Number} | Option]}]`: without a number, an option of other systems. Since OTP 29 a level has its
/// name in front of its number.
fn options<'h>(p: &'h Process) -> Term<'h> {
    let named = node().config.release() >= 29;
    let level = |l: &Level| {
        let have = l.options.iter().map(|o| {
            let number = Term::small(o.number.into());
            p.heap.tuple(&[atom(o.name), number])
        });
        let lack = l.missing.iter().filter(|n| !n.is_empty()).map(|n| atom(n));
        let all: Vec<_> = have.chain(lack).collect();
        let options = p.heap.list(&all);
        if named {
            let number = Term::small(l.number.into());
            p.heap.tuple(&[atom(l.name), number, options])
        } else {
            p.heap.tuple(&[l.key(), options])
        }
    };
    let all: Vec<_> = LEVELS.iter().map(level).collect();
    p.heap.list(&all)
}

pub fn one<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(match a[0].as_atom().map(|a| a.name()) {
        Some("protocols") => protocols(p),
        Some("options") => options(p),
        Some("msg_flags") => {
            let flags = MESSAGE_FLAGS.iter();
            pairs(p, flags.map(|(k, v)| (atom(k), Term::small((*v).into()))))
        }
        // Requests of `ioctl` are not here.
        _ => Term::NIL,
    })
}
