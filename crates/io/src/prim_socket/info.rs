//! What is known of a socket and of all of them.

use super::calls::{DOMAINS, TYPES, name_of};
use super::state::{COUNTED, socket as call};
use crate::atoms::intern;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::{Term, map};
use std::sync::atomic::Ordering;

fn record<'h>(p: &'h Process, pairs: &[(&str, Term<'h>)]) -> Term<'h> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(k, v)| (Term::atom(intern(k)), *v))
        .collect();
    map::from_pairs(&p.heap, &pairs)
}

pub fn node<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let backend = record(p, &[("name", Term::atom(intern("unix_essio")))]);
    let mut counts: Vec<_> = COUNTED
        .iter()
        .map(|(name, _, n)| (*name, Term::small(n.load(Ordering::Relaxed))))
        .collect();
    counts.push(("num_cnt_bits", Term::small(64)));
    Ok(record(
        p,
        &[
            ("counters", record(p, &counts)),
            ("debug", Term::FALSE),
            ("socket_debug", Term::FALSE),
            ("use_registry", Term::FALSE),
            ("iow", Term::FALSE),
            ("eei", Term::FALSE),
            ("iov_max", Term::small(1024)),
            ("io_backend", backend),
        ],
    ))
}

pub fn socket<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = call(a[0])?;
    let inner = &call.inner;
    let n = |n: u64| p.heap.uint(n);
    let c = &inner.counters;
    let mut counters = vec![
        ("read_byte", n(c.read_byte)),
        ("read_fails", n(c.read_fails)),
        ("read_pkg", n(c.read_pkg)),
        ("read_pkg_max", n(c.read_pkg_max)),
        ("read_tries", n(c.read_tries)),
        ("read_waits", n(c.read_waits)),
        ("write_byte", n(c.write_byte)),
        ("write_fails", n(c.write_fails)),
        ("write_pkg", n(c.write_pkg)),
        ("write_pkg_max", n(c.write_pkg_max)),
        ("write_tries", n(c.write_tries)),
        ("write_waits", n(c.write_waits)),
        ("acc_success", n(c.acc_success)),
        ("acc_fails", n(c.acc_fails)),
        ("acc_tries", n(c.acc_tries)),
        ("acc_waits", n(c.acc_waits)),
    ];
    if let Some(f) = &inner.file_counters {
        counters.extend([
            ("sendfile", n(f.calls)),
            ("sendfile_byte", n(f.bytes)),
            ("sendfile_fails", n(f.fails)),
            ("sendfile_max", n(f.max)),
            ("sendfile_pkg", n(f.packages)),
            ("sendfile_pkg_max", n(f.package_max)),
            ("sendfile_tries", n(f.tries)),
            ("sendfile_waits", n(f.waits)),
        ]);
    }
    let counters = record(p, &counters);
    let waiting = |n: usize| Term::small(n as i64);
    let readers = waiting(inner.read.waiting());
    let (readers, acceptors) = match inner.listening {
        true => (waiting(0), readers),
        false => (readers, waiting(0)),
    };
    let states = |names: &[(&str, bool)]| {
        let on: Vec<_> = names
            .iter()
            .filter(|n| n.1)
            .map(|n| Term::atom(intern(n.0)))
            .collect();
        p.heap.list(&on)
    };
    let selected = |side: &super::state::Side| side.current.is_some();
    let rstates = states(&[
        ("closed", inner.closed),
        ("listening", inner.listening),
        ("selected", selected(&inner.read)),
    ]);
    let wstates = states(&[
        ("closed", inner.closed),
        ("connected", inner.connected),
        ("connecting", inner.connecting),
        ("selected", selected(&inner.write)),
    ]);
    Ok(record(
        p,
        &[
            ("counters", counters),
            ("owner", Term::pid(inner.owner)),
            ("domain", name_of(&DOMAINS, inner.domain)),
            ("type", name_of(&TYPES, inner.kind)),
            ("protocol", Term::small(inner.protocol.into())),
            ("ctype", Term::atom(intern("normal"))),
            ("num_readers", readers),
            ("num_acceptors", acceptors),
            ("num_writers", waiting(inner.write.waiting())),
            ("rstates", rstates),
            ("wstates", wstates),
        ],
    ))
}

/// `debug`, `socket_debug` and `use_registry` say how the node traces and counts sockets; there is nothing of it here
/// to be switched on.
pub fn command<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[0].is_map() {
        return Err(Stop::BADARG);
    }
    let data = map::get(a[0], Term::atom(intern("data")));
    match data.and_then(Term::as_bool) {
        Some(false) => Ok(Term::OK),
        Some(true) => Ok(crate::args::error(p, intern("enotsup"))),
        None => Err(Stop::BADARG),
    }
}
