//! `getifaddrs`, `getaddrinfo` and `getnameinfo` of the C library: there is no other way to ask what its
//! configuration (name service switch, resolver) says.

use std::ffi::{CStr, CString};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// One address of one interface.
#[derive(Debug, Clone, Default)]
pub struct Interface {
    pub name: String,
    pub flags: u32,
    pub address: Option<IpAddr>,
    /// Index of the interface that a link-local address belongs to.
    pub scope: u32,
    pub netmask: Option<IpAddr>,
    /// Broadcast address or other end.
    pub peer: Option<IpAddr>,
    pub hardware: Option<Vec<u8>>,
    pub broadcast_hardware: Option<Vec<u8>>,
    /// Of a hardware address.
    pub index: u32,
    pub hardware_type: u16,
}

/// # Safety
/// `sa` is null or a valid socket address.
unsafe fn socket_address(sa: *const libc::sockaddr) -> Option<SocketAddr> {
    if sa.is_null() {
        return None;
    }
    // SAFETY: the family tells which structure it is.
    unsafe {
        match i32::from((*sa).sa_family) {
            libc::AF_INET => {
                let a = sa.cast::<libc::sockaddr_in>().read_unaligned();
                let ip = Ipv4Addr::from(u32::from_be(a.sin_addr.s_addr));
                Some(SocketAddrV4::new(ip, u16::from_be(a.sin_port)).into())
            }
            libc::AF_INET6 => {
                let a = sa.cast::<libc::sockaddr_in6>().read_unaligned();
                let ip = Ipv6Addr::from(a.sin6_addr.s6_addr);
                let port = u16::from_be(a.sin6_port);
                Some(SocketAddrV6::new(ip, port, a.sin6_flowinfo, a.sin6_scope_id).into())
            }
            _ => None,
        }
    }
}

/// # Safety
/// As [`socket_address`].
unsafe fn hardware(sa: *const libc::sockaddr) -> Option<(Vec<u8>, u32, u16)> {
    // SAFETY: as above.
    unsafe {
        if sa.is_null() || i32::from((*sa).sa_family) != libc::AF_PACKET {
            return None;
        }
        let a = sa.cast::<libc::sockaddr_ll>().read_unaligned();
        let bytes = a.sll_addr[..usize::from(a.sll_halen).min(8)].to_vec();
        Some((bytes, a.sll_ifindex as u32, a.sll_hatype))
    }
}

/// All addresses of all interfaces, in the system's order.
pub fn all() -> io::Result<Vec<Interface>> {
    let mut list = std::ptr::null_mut();
    // SAFETY: on success the list is ours until `freeifaddrs`; entries and what they point to live as long.
    unsafe {
        if libc::getifaddrs(&mut list) != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut out = Vec::new();
        let mut next = list;
        while let Some(i) = next.as_ref() {
            let address = socket_address(i.ifa_addr);
            let link = hardware(i.ifa_addr);
            out.push(Interface {
                name: CStr::from_ptr(i.ifa_name).to_string_lossy().into_owned(),
                flags: i.ifa_flags,
                scope: match address {
                    Some(SocketAddr::V6(a)) => a.scope_id(),
                    _ => 0,
                },
                address: address.map(|a| a.ip()),
                netmask: socket_address(i.ifa_netmask).map(|a| a.ip()),
                peer: socket_address(i.ifa_ifu).map(|a| a.ip()),
                broadcast_hardware: hardware(i.ifa_ifu).map(|h| h.0),
                index: link.as_ref().map_or(0, |l| l.1),
                hardware_type: link.as_ref().map_or(0, |l| l.2),
                hardware: link.map(|l| l.0),
            });
            next = i.ifa_next;
        }
        libc::freeifaddrs(list);
        Ok(out)
    }
}

/// One answer of [`lookup`].
#[derive(Debug, Clone)]
pub struct Found {
    pub address: SocketAddr,
    pub kind: i32,
    pub protocol: i32,
    /// The canonical name, with the first answer if it was asked for.
    pub name: Option<String>,
}

/// `getaddrinfo`; errors are its codes. `family` is 0 for any.
pub fn lookup(
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: i32,
    kind: i32,
    flags: i32,
) -> Result<Vec<Found>, i32> {
    let pointer = |s: Option<&CStr>| s.map_or(std::ptr::null(), CStr::as_ptr);
    let mut list = std::ptr::null_mut();
    // SAFETY: strings live during the call; hints are plain data; the list is ours until `freeaddrinfo`.
    unsafe {
        let mut hints: libc::addrinfo = std::mem::zeroed();
        hints.ai_family = family;
        hints.ai_socktype = kind;
        hints.ai_flags = flags;
        let code = libc::getaddrinfo(pointer(host), pointer(service), &hints, &mut list);
        if code != 0 {
            return Err(code);
        }
        let mut out = Vec::new();
        let mut next = list;
        while let Some(a) = next.as_ref() {
            if let Some(address) = socket_address(a.ai_addr) {
                let name = (!a.ai_canonname.is_null()).then(|| {
                    CStr::from_ptr(a.ai_canonname)
                        .to_string_lossy()
                        .into_owned()
                });
                out.push(Found {
                    address,
                    kind: a.ai_socktype,
                    protocol: a.ai_protocol,
                    name,
                });
            }
            next = a.ai_next;
        }
        libc::freeaddrinfo(list);
        Ok(out)
    }
}

/// `getnameinfo`: host and service; errors are its codes.
pub fn names(address: &SocketAddr, flags: i32) -> Result<(String, String), i32> {
    let mut host = [0u8; 1025];
    let mut service = [0u8; 64];
    // SAFETY: the address structure is complete and of the length told; buffers are of the lengths told.
    let code = unsafe {
        let ask = |sa: *const libc::sockaddr, size: usize, h: &mut [u8], s: &mut [u8]| {
            libc::getnameinfo(
                sa,
                size as libc::socklen_t,
                h.as_mut_ptr().cast(),
                h.len() as libc::socklen_t,
                s.as_mut_ptr().cast(),
                s.len() as libc::socklen_t,
                flags,
            )
        };
        match address {
            SocketAddr::V4(a) => {
                let mut sa: libc::sockaddr_in = std::mem::zeroed();
                sa.sin_family = libc::AF_INET as libc::sa_family_t;
                sa.sin_port = a.port().to_be();
                sa.sin_addr.s_addr = u32::from(*a.ip()).to_be();
                ask(
                    (&raw const sa).cast(),
                    size_of_val(&sa),
                    &mut host,
                    &mut service,
                )
            }
            SocketAddr::V6(a) => {
                let mut sa: libc::sockaddr_in6 = std::mem::zeroed();
                sa.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                sa.sin6_port = a.port().to_be();
                sa.sin6_addr.s6_addr = a.ip().octets();
                sa.sin6_flowinfo = a.flowinfo();
                sa.sin6_scope_id = a.scope_id();
                ask(
                    (&raw const sa).cast(),
                    size_of_val(&sa),
                    &mut host,
                    &mut service,
                )
            }
        }
    };
    if code != 0 {
        return Err(code);
    }
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    Ok((text(&host), text(&service)))
}

/// The name of the interface with this number.
pub fn name_of(index: u32) -> io::Result<String> {
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: the buffer has the size that the call demands.
    unsafe {
        if libc::if_indextoname(index, name.as_mut_ptr().cast()).is_null() {
            return Err(io::Error::last_os_error());
        }
        Ok(CStr::from_ptr(name.as_ptr().cast())
            .to_string_lossy()
            .into_owned())
    }
}

/// The number of the interface with this name.
pub fn index_of(name: &str) -> io::Result<u32> {
    let name = CString::new(name)?;
    // SAFETY: a string that ends with zero.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        n => Ok(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_loopback() {
        let list = all().unwrap();
        let lo = list
            .iter()
            .find(|i| i.address == Some(Ipv4Addr::LOCALHOST.into()))
            .unwrap();
        assert!(lo.flags & libc::IFF_LOOPBACK as u32 != 0);
        let index = index_of(&lo.name).unwrap();
        assert_eq!(name_of(index).unwrap(), lo.name);
        let found = lookup(Some(c"127.0.0.1"), None, 0, 0, libc::AI_NUMERICHOST).unwrap();
        assert_eq!(found[0].address.to_string(), "127.0.0.1:0");
        let numeric = libc::NI_NUMERICHOST | libc::NI_NUMERICSERV;
        let (host, service) = names(&"127.0.0.1:80".parse().unwrap(), numeric).unwrap();
        assert_eq!((host.as_str(), service.as_str()), ("127.0.0.1", "80"));
    }
}
