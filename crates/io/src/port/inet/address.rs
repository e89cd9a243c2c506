//! Addresses as bytes (a family, a port, the address; for a unix domain socket a length and its name) and as terms.

use super::Reader;
use crate::atoms::intern;
use crate::unix_address::{self, MAX};
use corten_term::{Heap, Term};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Families on the wire to `prim_inet`.
pub const INET: u8 = 1;
pub const INET6: u8 = 2;
const UNSPECIFIED: u8 = 0;
const ANY: u8 = 3;
const LOOPBACK: u8 = 4;
const LOCAL: u8 = 5;

/// An address of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Ip(SocketAddr),
    /// Of a unix domain socket: a path, or a zero byte and an abstract name.
    Local(Vec<u8>),
    /// None: of a sender without a name.
    Unspecified,
}

impl Address {
    /// 0 for those that have none.
    pub fn port(&self) -> u16 {
        match self {
            Address::Ip(a) => a.port(),
            Address::Local(_) | Address::Unspecified => 0,
        }
    }

    /// As system calls take it.
    pub fn to_system(&self) -> Result<SocketAddrAny, Errno> {
        match self {
            Address::Ip(a) => Ok((*a).into()),
            // A path needs room for the zero byte that ends it.
            Address::Local(path) if path.len() == MAX && path[0] != 0 => Err(Errno::INVAL),
            Address::Local(path) => unix_address::read(path)
                .map(SocketAddrAny::from)
                .map_err(|_| Errno::INVAL),
            Address::Unspecified => Err(Errno::INVAL),
        }
    }

    /// What the system gives.
    pub fn of_system(a: SocketAddrAny) -> Result<Address, Errno> {
        let ip = match a.address_family() {
            AddressFamily::INET => SocketAddrV4::try_from(a)?.into(),
            AddressFamily::INET6 => SocketAddrV6::try_from(a)?.into(),
            AddressFamily::UNIX => {
                return Ok(Address::Local(unix_address::bytes(&a)));
            }
            _ => return Err(Errno::AFNOSUPPORT),
        };
        Ok(Address::Ip(ip))
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Address::Ip(a) => {
                let family = if a.is_ipv4() { INET } else { INET6 };
                let port = a.port().to_be_bytes();
                [&[family], &port[..], &ip_bytes(a.ip())].concat()
            }
            Address::Local(path) => [&[LOCAL, path.len() as u8], &path[..]].concat(),
            Address::Unspecified => vec![UNSPECIFIED],
        }
    }

    /// As messages have it: a tuple of numbers, or `{local, Path}`, or `{unspec, <<>>}`.
    pub fn term<'h>(&self, h: &'h Heap) -> Term<'h> {
        match self {
            Address::Ip(a) => ip_term(h, a.ip()),
            Address::Local(path) => h.tuple(&[Term::atom(intern("local")), h.binary(path)]),
            Address::Unspecified => h.tuple(&[Term::atom(intern("unspec")), h.binary(b"")]),
        }
    }
}

/// Family of a socket.
pub fn family(code: u8) -> Option<AddressFamily> {
    match code {
        INET => Some(AddressFamily::INET),
        INET6 => Some(AddressFamily::INET6),
        LOCAL => Some(AddressFamily::UNIX),
        _ => None,
    }
}

/// The code of a family.
pub fn family_code(family: AddressFamily) -> u8 {
    match family {
        AddressFamily::INET6 => INET6,
        AddressFamily::UNIX => LOCAL,
        _ => INET,
    }
}

/// Reads an address for a socket of this family.
pub fn read(r: &mut Reader<'_>, family: AddressFamily) -> Option<Address> {
    let kind = r.u8()?;
    if kind == LOCAL {
        let size = r.u8()?;
        return Some(Address::Local(r.bytes(size.into())?.to_vec()));
    }
    let port = r.u16()?;
    let v6 = family == AddressFamily::INET6;
    let ip: IpAddr = match kind {
        INET => Ipv4Addr::from(r.array::<4>()?).into(),
        INET6 => {
            let ip = Ipv6Addr::from(r.array::<16>()?);
            let flow = r.i32()? as u32;
            let scope = r.i32()? as u32;
            let a = SocketAddrV6::new(ip, port, flow, scope);
            return Some(Address::Ip(a.into()));
        }
        ANY if v6 => Ipv6Addr::UNSPECIFIED.into(),
        ANY => Ipv4Addr::UNSPECIFIED.into(),
        LOOPBACK if v6 => Ipv6Addr::LOCALHOST.into(),
        LOOPBACK => Ipv4Addr::LOCALHOST.into(),
        _ => return None,
    };
    Some(Address::Ip(SocketAddr::new(ip, port)))
}

pub fn ip_bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// An address as a tuple of numbers.
pub fn ip_term(h: &Heap, ip: IpAddr) -> Term<'_> {
    match ip {
        IpAddr::V4(v4) => h.tuple(&v4.octets().map(|n| Term::small(n.into()))),
        IpAddr::V6(v6) => h.tuple(&v6.segments().map(|n| Term::small(n.into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let v4 = AddressFamily::INET;
        let a = read(&mut Reader(&[1, 0, 80, 127, 0, 0, 1]), v4).unwrap();
        assert_eq!(a, Address::Ip("127.0.0.1:80".parse().unwrap()));
        assert_eq!(a.to_bytes(), [1, 0, 80, 127, 0, 0, 1]);
        let any = read(&mut Reader(&[3, 0, 0]), AddressFamily::INET6).unwrap();
        assert_eq!(any, Address::Ip("[::]:0".parse().unwrap()));
        assert!(read(&mut Reader(&[1, 0]), v4).is_none());
        let local = read(&mut Reader(&[5, 2, b'/', b'x']), AddressFamily::UNIX).unwrap();
        assert_eq!(local, Address::Local(b"/x".to_vec()));
        let system = local.to_system().unwrap();
        assert_eq!(
            Address::of_system(system).unwrap().to_bytes(),
            b"\x05\x02/x"
        );
    }
}
