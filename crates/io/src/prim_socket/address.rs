//! Addresses as maps: `#{family, addr, port, …}`, `#{family => local, path}`.

use crate::atoms::intern;
use crate::prim_net;
use crate::unix_address::{self, MAX};
use corten_term::{Heap, Term, map};
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrV4, SocketAddrV6};
use std::net::SocketAddr;

/// An address that a program gives.
pub fn read(t: Term<'_>) -> Option<SocketAddrAny> {
    let get = |key: &str| map::get(t, Term::atom(intern(key)));
    if get("family")?.as_atom()?.name() == "local" {
        let path = get("path")?.to_bytes()?;
        // A path needs room for the zero byte that ends it.
        let fits = path.len() < MAX || path.first() == Some(&0);
        let address = unix_address::read(&path).ok().filter(|_| fits);
        return address.map(SocketAddrAny::from);
    }
    Some(match prim_net::socket_address(t)? {
        SocketAddr::V4(a) => a.into(),
        SocketAddr::V6(a) => a.into(),
    })
}

/// Where data came from: the system tells of no address for connections and senders without a name.
pub fn source<'h>(h: &'h Heap, a: Option<&SocketAddrAny>) -> Term<'h> {
    let Some(a) = a else {
        let pairs = [
            (Term::atom(intern("family")), Term::atom(intern("unspec"))),
            (Term::atom(intern("addr")), h.binary(b"")),
        ];
        return map::from_pairs(h, &pairs);
    };
    term(h, a)
}

/// An address that the system gives.
pub fn term<'h>(h: &'h Heap, a: &SocketAddrAny) -> Term<'h> {
    let known = match a.address_family() {
        AddressFamily::INET => SocketAddrV4::try_from(a.clone()).ok().map(SocketAddr::from),
        AddressFamily::INET6 => SocketAddrV6::try_from(a.clone()).ok().map(SocketAddr::from),
        _ => None,
    };
    if let Some(a) = known {
        return prim_net::sockaddr(h, &a);
    }
    let path = match a.address_family() {
        AddressFamily::UNIX => unix_address::bytes(a),
        _ => Vec::new(),
    };
    map::from_pairs(
        h,
        &[
            (Term::atom(intern("family")), Term::atom(intern("local"))),
            (Term::atom(intern("path")), h.binary(&path)),
        ],
    )
}
