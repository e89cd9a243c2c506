//! Addresses as maps: `#{family, addr, port, …}`, `#{family => local, path}`.

use crate::atoms::intern;
use crate::prim_net;
use corten_term::{Heap, Term, map};
use rustix::net::{AddressFamily, SocketAddrAny, SocketAddrUnix, SocketAddrV4, SocketAddrV6};
use std::net::SocketAddr;

/// An address that a program gives.
pub fn read(t: Term<'_>) -> Option<SocketAddrAny> {
    let get = |key: &str| map::get(t, Term::atom(intern(key)));
    if get("family")?.as_atom()?.name() == "local" {
        let path = get("path")?.to_bytes()?;
        // A zero byte in front: an abstract name, which belongs to no file.
        let address = match path.split_first() {
            Some((0, name)) => SocketAddrUnix::new_abstract_name(name),
            _ => SocketAddrUnix::new(path.as_ref()),
        };
        return address.ok().map(SocketAddrAny::from);
    }
    Some(match prim_net::socket_address(t)? {
        SocketAddr::V4(a) => a.into(),
        SocketAddr::V6(a) => a.into(),
    })
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
    let unix = SocketAddrUnix::try_from(a.clone()).ok();
    let path = match &unix {
        Some(a) => match a.abstract_name() {
            Some(name) => [&[0], name].concat(),
            None => a.path_bytes().unwrap_or_default().to_vec(),
        },
        None => Vec::new(),
    };
    let path = path.strip_suffix(&[0]).unwrap_or(&path);
    map::from_pairs(
        h,
        &[
            (Term::atom(intern("family")), Term::atom(intern("local"))),
            (Term::atom(intern("path")), h.binary(path)),
        ],
    )
}
