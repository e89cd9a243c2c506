//! Addresses as bytes (a family, a port, the address) and as terms.

use super::Reader;
use corten_term::{Heap, Term};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// Families on the wire to `prim_inet`.
pub const INET: u8 = 1;
pub const INET6: u8 = 2;
const ANY: u8 = 3;
const LOOPBACK: u8 = 4;

/// Family of a socket.
pub fn family(code: u8) -> Option<AddressFamily> {
    match code {
        INET => Some(AddressFamily::INET),
        INET6 => Some(AddressFamily::INET6),
        _ => None,
    }
}

/// Reads an address for a socket of this family.
pub fn read(r: &mut Reader<'_>, family: AddressFamily) -> Option<SocketAddr> {
    let kind = r.u8()?;
    let port = r.u16()?;
    let v6 = family == AddressFamily::INET6;
    let ip: IpAddr = match kind {
        INET => Ipv4Addr::from(r.array::<4>()?).into(),
        INET6 => {
            let ip = Ipv6Addr::from(r.array::<16>()?);
            let flow = r.i32()? as u32;
            let scope = r.i32()? as u32;
            return Some(SocketAddrV6::new(ip, port, flow, scope).into());
        }
        ANY if v6 => Ipv6Addr::UNSPECIFIED.into(),
        ANY => Ipv4Addr::UNSPECIFIED.into(),
        LOOPBACK if v6 => Ipv6Addr::LOCALHOST.into(),
        LOOPBACK => Ipv4Addr::LOCALHOST.into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// An address as bytes.
pub fn write(a: &SocketAddr) -> Vec<u8> {
    let mut out = vec![if a.is_ipv4() { INET } else { INET6 }];
    out.extend(a.port().to_be_bytes());
    out.extend(ip_bytes(a.ip()));
    out
}

pub fn ip_bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// What the system gives, as far as it is an address of the internet.
pub fn of_system(a: SocketAddrAny) -> Result<SocketAddr, Errno> {
    match a.address_family() {
        AddressFamily::INET => SocketAddrV4::try_from(a).map(SocketAddr::from),
        AddressFamily::INET6 => SocketAddrV6::try_from(a).map(SocketAddr::from),
        _ => Err(Errno::AFNOSUPPORT),
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
        assert_eq!(a.to_string(), "127.0.0.1:80");
        assert_eq!(write(&a), [1, 0, 80, 127, 0, 0, 1]);
        let any = read(&mut Reader(&[3, 0, 0]), AddressFamily::INET6).unwrap();
        assert_eq!(any.to_string(), "[::]:0");
        assert!(read(&mut Reader(&[1, 0]), v4).is_none());
    }
}
