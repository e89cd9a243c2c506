//! Addresses of unix domain sockets as programs write them, for both of kernel's backends: a path, or a zero byte
//! and an abstract name, which belongs to no file. No bytes at all: the system chooses an abstract name.

use crate::sys;
use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketAddrUnix};

/// Longest name that the system knows.
pub const MAX: usize = 108;

/// The address that bytes name. A path ends at a zero byte.
pub fn read(path: &[u8]) -> Result<SocketAddrUnix, Errno> {
    match path.split_first() {
        None => Ok(SocketAddrUnix::new_unnamed()),
        Some((0, name)) => SocketAddrUnix::new_abstract_name(name),
        Some(_) => {
            let end = path.iter().position(|b| *b == 0);
            SocketAddrUnix::new(&path[..end.unwrap_or(path.len())])
        }
    }
}

/// The bytes that name an address, which is one of this kind. `rustix` reads neither an address without a name nor
/// a path of full length right.
pub fn bytes(a: &SocketAddrAny) -> Vec<u8> {
    let name = sys::address_bytes(a);
    let name = &name[..name.len().min(MAX)];
    let end = match name.first() {
        Some(0) | None => None,
        Some(_) => name.iter().position(|b| *b == 0),
    };
    name[..end.unwrap_or(name.len())].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_abstract_names() {
        for name in [&b"/tmp/socket"[..], b"\0abstract\0name\0", b""] {
            assert_eq!(read(name).map(|a| bytes(&a.into())), Ok(name.to_vec()));
        }
        let longest = [b'x'; MAX];
        assert_eq!(bytes(&read(&longest).unwrap().into()), longest);
        assert_eq!(bytes(&read(b"cut\0here").unwrap().into()), b"cut");
        assert_eq!(read(&[b'x'; 200]).err(), Some(Errno::NAMETOOLONG));
    }
}
