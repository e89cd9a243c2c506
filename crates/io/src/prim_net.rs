//! `prim_net`: names of hosts, services and interfaces, as the C library resolves them. What is here for
//! other systems only is left to `prim_net.erl`, which raises `notsup`.

use crate::atoms::intern;
use crate::port::{ip_term, service_name, service_port};
use crate::sys::interfaces::{self, Found, Interface};
use crate::{args, errno};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Atom, Heap, Term, am, map};
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

pub const BIFS: &[Bif] = bifs![
    prim_net:nif_info/0 => info [NIF],
    prim_net:nif_gethostname/0 => gethostname [NIF],
    prim_net:nif_getnameinfo/2 => getnameinfo [NIF DIRTY_IO],
    prim_net:nif_getaddrinfo/3 => getaddrinfo [NIF DIRTY_IO],
    prim_net:nif_getifaddrs/1 => getifaddrs [NIF DIRTY_IO],
    prim_net:nif_getservbyname/2 => getservbyname [NIF DIRTY_IO],
    prim_net:nif_getservbyport/2 => getservbyport [NIF DIRTY_IO],
    prim_net:nif_if_name2index/1 => if_name2index [NIF],
    prim_net:nif_if_index2name/1 => if_index2name [NIF],
    prim_net:nif_if_names/0 => if_names [NIF],
];

/// A map with atoms as keys.
fn record<'h>(h: &'h Heap, pairs: &[(&str, Term<'h>)]) -> Term<'h> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(k, v)| (Term::atom(intern(k)), *v))
        .collect();
    map::from_pairs(h, &pairs)
}

fn text<'h>(h: &'h Heap, s: &str) -> Term<'h> {
    h.string(s.chars().map(u32::from))
}

fn number(n: u32) -> Term<'static> {
    Term::small(n.into())
}

/// A string argument for the C library.
fn c_string(t: Term<'_>) -> Option<CString> {
    CString::new(args::iolist(t)?).ok()
}

/// A string argument, or nothing for `undefined`.
fn optional(t: Term<'_>) -> Result<Option<CString>, Stop<'_>> {
    if t.is(am::undefined) {
        return Ok(None);
    }
    c_string(t).map(Some).badarg()
}

/// `#{family, addr, port, …}`.
pub(crate) fn sockaddr<'h>(h: &'h Heap, a: &SocketAddr) -> Term<'h> {
    let port = number(a.port().into());
    let ip = ip_term(h, a.ip());
    match a {
        SocketAddr::V4(_) => record(
            h,
            &[
                ("family", Term::atom(intern("inet"))),
                ("port", port),
                ("addr", ip),
            ],
        ),
        SocketAddr::V6(v6) => record(
            h,
            &[
                ("family", Term::atom(intern("inet6"))),
                ("port", port),
                ("addr", ip),
                ("flowinfo", number(v6.flowinfo())),
                ("scope_id", number(v6.scope_id())),
            ],
        ),
    }
}

/// The reverse; every key is there, `prim_socket` has seen to it.
pub(crate) fn socket_address(t: Term<'_>) -> Option<SocketAddr> {
    let get = |key: &str| map::get(t, Term::atom(intern(key)));
    let port = u16::try_from(get("port")?.as_small()?).ok()?;
    let address = get("addr")?;
    let wildcard = |name: &str| address.as_atom().is_some_and(|a| a.name() == name);
    match get("family")?.as_atom()?.name() {
        "inet" => {
            let ip = if wildcard("any") {
                Ipv4Addr::UNSPECIFIED
            } else if wildcard("loopback") {
                Ipv4Addr::LOCALHOST
            } else {
                Ipv4Addr::from(numbers::<u8, 4>(address)?)
            };
            Some((ip, port).into())
        }
        "inet6" => {
            let ip = if wildcard("any") {
                Ipv6Addr::UNSPECIFIED
            } else if wildcard("loopback") {
                Ipv6Addr::LOCALHOST
            } else {
                Ipv6Addr::from(numbers::<u16, 8>(address)?)
            };
            let flow = args::uint(get("flowinfo")?)?;
            let scope = args::uint(get("scope_id")?)?;
            Some(SocketAddrV6::new(ip, port, flow, scope).into())
        }
        _ => None,
    }
}

fn numbers<T: TryFrom<i64> + Copy + Default, const N: usize>(t: Term<'_>) -> Option<[T; N]> {
    let tuple = t.as_tuple_of::<N>()?;
    let mut out = [T::default(); N];
    for (o, t) in out.iter_mut().zip(tuple) {
        *o = T::try_from(t.as_small()?).ok()?;
    }
    Some(out)
}

/// The C library's codes of resolver failures.
fn resolver_error(code: i32) -> Atom {
    intern(match code {
        libc::EAI_AGAIN => "eagain",
        libc::EAI_BADFLAGS => "ebadflags",
        libc::EAI_FAIL => "efail",
        libc::EAI_FAMILY => "efamily",
        libc::EAI_MEMORY => "emem",
        libc::EAI_NONAME => "enoname",
        libc::EAI_NODATA => "enodata",
        libc::EAI_SERVICE => "eservice",
        libc::EAI_SOCKTYPE => "esocktype",
        libc::EAI_SYSTEM => "esystem",
        libc::EAI_OVERFLOW => "eoverflow",
        // EAI_ADDRFAMILY
        -9 => "eaddrfamily",
        _ => "einval",
    })
}

fn info<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(record(&p.heap, &[("debug", Term::FALSE)]))
}

fn gethostname<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let name = rustix::system::uname();
    let name = p.heap.latin1_string(name.nodename().to_bytes());
    Ok(args::ok(p, name))
}

fn name_flags(t: Term<'_>) -> Option<i32> {
    if t.is(am::undefined) {
        return Some(0);
    }
    let mut flags = 0;
    for f in t.to_vec()? {
        flags |= match f.as_atom()?.name() {
            "namereqd" => libc::NI_NAMEREQD,
            "dgram" => libc::NI_DGRAM,
            "nofqdn" => libc::NI_NOFQDN,
            "numerichost" => libc::NI_NUMERICHOST,
            "numericserv" => libc::NI_NUMERICSERV,
            _ => return None,
        };
    }
    Some(flags)
}

fn getnameinfo<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Some(address) = socket_address(a[0]) else {
        return Ok(args::error(p, am::einval));
    };
    let flags = name_flags(a[1]).badarg()?;
    Ok(match interfaces::names(&address, flags) {
        Ok((host, service)) => {
            let h = &p.heap;
            let names = [("host", text(h, &host)), ("service", text(h, &service))];
            args::ok(p, record(h, &names))
        }
        Err(code) => args::error(p, resolver_error(code)),
    })
}

fn getaddrinfo<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (host, service) = (optional(a[0])?, optional(a[1])?);
    let found = interfaces::lookup(host.as_deref(), service.as_deref(), 0, 0, 0);
    Ok(match found {
        Ok(list) => {
            let list = list.iter().map(|f| address_info(&p.heap, f));
            args::ok(p, args::list(p, list))
        }
        Err(code) => args::error(p, resolver_error(code)),
    })
}

/// The name of a protocol, as `/etc/protocols` has it everywhere; others stay numbers.
fn protocol_name(number: i32) -> Term<'static> {
    match number {
        libc::IPPROTO_IP => Term::atom(intern("ip")),
        libc::IPPROTO_ICMP => Term::atom(intern("icmp")),
        libc::IPPROTO_TCP => Term::atom(intern("tcp")),
        libc::IPPROTO_UDP => Term::atom(intern("udp")),
        libc::IPPROTO_SCTP => Term::atom(intern("sctp")),
        other => Term::small(other.into()),
    }
}

fn address_info<'h>(h: &'h Heap, f: &Found) -> Term<'h> {
    let family = if f.address.is_ipv4() { "inet" } else { "inet6" };
    let kind = match f.kind {
        libc::SOCK_STREAM => Term::atom(intern("stream")),
        libc::SOCK_DGRAM => Term::atom(intern("dgram")),
        libc::SOCK_RAW => Term::atom(intern("raw")),
        libc::SOCK_SEQPACKET => Term::atom(intern("seqpacket")),
        other => Term::small(other.into()),
    };
    record(
        h,
        &[
            ("family", Term::atom(intern(family))),
            ("socktype", kind),
            ("protocol", protocol_name(f.protocol)),
            ("addr", sockaddr(h, &f.address)),
        ],
    )
}

const FLAGS: [(libc::c_int, &str); 15] = [
    (libc::IFF_UP, "up"),
    (libc::IFF_BROADCAST, "broadcast"),
    (libc::IFF_DEBUG, "debug"),
    (libc::IFF_LOOPBACK, "loopback"),
    (libc::IFF_POINTOPOINT, "pointopoint"),
    (libc::IFF_NOTRAILERS, "notrailers"),
    (libc::IFF_RUNNING, "running"),
    (libc::IFF_NOARP, "noarp"),
    (libc::IFF_PROMISC, "promisc"),
    (libc::IFF_MASTER, "master"),
    (libc::IFF_SLAVE, "slave"),
    (libc::IFF_MULTICAST, "multicast"),
    (libc::IFF_PORTSEL, "portsel"),
    (libc::IFF_AUTOMEDIA, "automedia"),
    (libc::IFF_DYNAMIC, "dynamic"),
];

/// An address of the link layer.
fn link_address<'h>(h: &'h Heap, i: &Interface, bytes: &[u8]) -> Term<'h> {
    let kind = match i.hardware_type {
        libc::ARPHRD_LOOPBACK => Term::atom(intern("loopback")),
        libc::ARPHRD_ETHER => Term::atom(intern("ether")),
        other => Term::small(other.into()),
    };
    record(
        h,
        &[
            ("family", Term::atom(intern("packet"))),
            ("protocol", Term::small(0)),
            ("ifindex", number(i.index)),
            ("hatype", kind),
            ("pkttype", Term::atom(intern("host"))),
            ("addr", h.binary(bytes)),
        ],
    )
}

fn interface<'h>(p: &'h Process, i: &Interface) -> Term<'h> {
    let h = &p.heap;
    let flags = FLAGS
        .iter()
        .filter(|(f, _)| i.flags & *f as u32 != 0)
        .map(|(_, name)| Term::atom(intern(name)));
    let mut pairs = vec![("name", text(h, &i.name)), ("flags", args::list(p, flags))];
    let address = |ip: IpAddr, scope: u32| match ip {
        IpAddr::V4(v4) => sockaddr(h, &(v4, 0).into()),
        IpAddr::V6(v6) => sockaddr(h, &SocketAddrV6::new(v6, 0, 0, scope).into()),
    };
    if let Some(bytes) = &i.hardware {
        pairs.push(("addr", link_address(h, i, bytes)));
    }
    if let Some(ip) = i.address {
        pairs.push(("addr", address(ip, i.scope)));
    }
    if let Some(ip) = i.netmask {
        pairs.push(("netmask", address(ip, 0)));
    }
    let peer = match (&i.broadcast_hardware, i.peer) {
        (Some(bytes), _) => Some(link_address(h, i, bytes)),
        (None, Some(ip)) => Some(address(ip, 0)),
        (None, None) => None,
    };
    let is = |flag: libc::c_int| i.flags & flag as u32 != 0;
    if let Some(peer) = peer {
        if is(libc::IFF_POINTOPOINT) {
            pairs.push(("dstaddr", peer));
        } else if is(libc::IFF_BROADCAST) {
            pairs.push(("broadaddr", peer));
        }
    }
    record(h, &pairs)
}

fn getifaddrs<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[0].is_map() {
        return Err(Stop::BADARG);
    }
    if map::get(a[0], Term::atom(intern("netns"))).is_some() {
        return Ok(args::error(p, intern("enotsup")));
    }
    Ok(match interfaces::all() {
        Ok(list) => args::ok(p, args::list(p, list.iter().map(|i| interface(p, i)))),
        Err(e) => errno::error(p, errno::of(&e)),
    })
}

/// Name of a protocol: an atom or a string.
fn protocol(t: Term<'_>) -> Option<String> {
    match t.as_atom() {
        Some(a) => Some(a.name().to_string()),
        None => String::from_utf8(args::iolist(t)?).ok(),
    }
}

fn getservbyname<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = String::from_utf8(args::iolist(a[0]).badarg()?)
        .ok()
        .badarg()?;
    let protocol = protocol(a[1]).badarg()?;
    Ok(match service_port(&name, &protocol) {
        Some(port) => args::ok(p, number(port.into())),
        None => args::error(p, am::einval),
    })
}

fn getservbyport<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let port = a[0]
        .as_small()
        .and_then(|n| u16::try_from(n).ok())
        .badarg()?;
    let protocol = protocol(a[1]).badarg()?;
    Ok(match service_name(port, &protocol) {
        Some(name) => args::ok(p, text(&p.heap, &name)),
        None => args::error(p, am::einval),
    })
}

fn if_name2index<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = c_string(a[0]).badarg()?;
    Ok(match interfaces::index_of(&name.to_string_lossy()) {
        Ok(n) => args::ok(p, number(n)),
        Err(e) => errno::error(p, errno::of(&e)),
    })
}

fn if_index2name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let index = args::uint(a[0]).badarg()?;
    Ok(match interfaces::name_of(index) {
        Ok(name) => args::ok(p, text(&p.heap, &name)),
        Err(e) => errno::error(p, errno::of(&e)),
    })
}

/// `[{Index, Name}]`: each interface once.
fn if_names<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all = match interfaces::all() {
        Ok(all) => all,
        Err(e) => return Ok(errno::error(p, errno::of(&e))),
    };
    let mut names: Vec<_> = all.into_iter().map(|i| i.name).collect();
    names.sort();
    names.dedup();
    let mut numbered: Vec<_> = names
        .iter()
        .filter_map(|n| Some((interfaces::index_of(n).ok()?, n)))
        .collect();
    numbered.sort();
    let list = numbered
        .iter()
        .map(|(i, n)| p.heap.tuple(&[number(*i), text(&p.heap, n)]));
    Ok(args::ok(p, args::list(p, list)))
}
