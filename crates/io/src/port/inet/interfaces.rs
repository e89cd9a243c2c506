//! The interfaces of this machine, as `getifaddrs` wants them from the driver.

use super::Answer;
use super::address::ip_bytes;
use crate::errno;
use crate::sys::interfaces::{Interface, all};

/// Options of an interface.
const ADDRESS: u8 = 1;
const BROADCAST: u8 = 2;
const DESTINATION: u8 = 3;
const NETMASK: u8 = 5;
const FLAGS: u8 = 6;
const HARDWARE: u8 = 7;

/// Flags as `prim_inet` numbers them.
fn flags(system: u32) -> u32 {
    let pairs = [
        (libc::IFF_UP, 0x0001),
        (libc::IFF_BROADCAST, 0x0002),
        (libc::IFF_LOOPBACK, 0x0004),
        (libc::IFF_POINTOPOINT, 0x0008),
        (libc::IFF_RUNNING, 0x0010),
        (libc::IFF_MULTICAST, 0x0020),
    ];
    pairs
        .iter()
        .filter(|(theirs, _)| system & *theirs as u32 != 0)
        .map(|(_, ours)| ours)
        .sum()
}

/// For each address of each interface: name, zero, options, zero.
pub fn addresses() -> Answer {
    let mut out = Vec::new();
    for i in all().map_err(|e| errno::of(&e))? {
        entry(&mut out, &i);
    }
    Ok(out)
}

fn entry(out: &mut Vec<u8>, i: &Interface) {
    out.extend(i.name.bytes());
    out.push(0);
    out.push(FLAGS);
    out.extend(flags(i.flags).to_be_bytes());
    let mut address = |option: u8, ip: Option<std::net::IpAddr>| {
        if let Some(ip) = ip {
            out.push(option);
            out.push(if ip.is_ipv4() { 1 } else { 2 });
            out.extend(ip_bytes(ip));
        }
    };
    address(ADDRESS, i.address);
    address(NETMASK, i.netmask);
    if i.flags & libc::IFF_POINTOPOINT as u32 != 0 {
        address(DESTINATION, i.peer);
    } else if i.flags & libc::IFF_BROADCAST as u32 != 0 {
        address(BROADCAST, i.peer);
    }
    if let Some(hardware) = &i.hardware {
        out.push(HARDWARE);
        out.extend((hardware.len() as u16).to_be_bytes());
        out.extend(hardware);
    }
    out.push(0);
}
