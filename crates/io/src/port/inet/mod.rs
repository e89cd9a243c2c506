//! The inet drivers: sockets as `prim_inet` drives them, with requests by `port_control` and data by
//! `port_command`.
//!
//! A request is answered at once with `1` and bytes, or `0` and the name of an error; what takes time is
//! answered with a number, and `{inet_async, Port, Number, Result}` follows. [`socket`] has what all sockets
//! share, [`options`] their options, [`address`] how addresses are written, [`udp`] datagrams, [`tcp`] streams.

mod address;
mod interfaces;
mod options;
mod reply;
mod services;
mod socket;
mod tcp;
mod udp;

pub use address::ip_term;
pub use services::{name as service_name, port as service_port};
pub use tcp::{start as start_tcp, start_sctp};
pub use udp::start as start_udp;

/// Operations of `port_control` are numbered from here.
const MAGIC: u32 = 0x03f1_a300;

/// Requests.
mod request {
    pub const OPEN: u32 = 1;
    pub const CLOSE: u32 = 2;
    pub const CONNECT: u32 = 3;
    pub const PEER: u32 = 4;
    pub const NAME: u32 = 5;
    pub const BIND: u32 = 6;
    pub const SETOPTS: u32 = 7;
    pub const GETOPTS: u32 = 8;
    pub const GETSTAT: u32 = 11;
    pub const GETHOSTNAME: u32 = 12;
    pub const FDOPEN: u32 = 13;
    pub const GETFD: u32 = 14;
    pub const GETTYPE: u32 = 15;
    pub const GETSTATUS: u32 = 16;
    pub const GETSERVBYNAME: u32 = 17;
    pub const GETSERVBYPORT: u32 = 18;
    pub const SETNAME: u32 = 19;
    pub const SETPEER: u32 = 20;
    pub const SUBSCRIBE: u32 = 24;
    pub const GETIFADDRS: u32 = 25;
    pub const ACCEPT: u32 = 26;
    pub const LISTEN: u32 = 27;
    pub const IGNOREFD: u32 = 28;
    pub const GETLADDRS: u32 = 29;
    pub const GETPADDRS: u32 = 30;
    pub const TCP_RECV: u32 = 42;
    pub const TCP_UNRECV: u32 = 43;
    pub const TCP_SHUTDOWN: u32 = 44;
    pub const TCP_SENDFILE: u32 = 45;
    pub const PACKET_RECV: u32 = 60;
}

/// Why a request failed: the name of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failure(&'static str);

impl From<rustix::io::Errno> for Failure {
    fn from(e: rustix::io::Errno) -> Failure {
        Failure(crate::errno::text(e))
    }
}

/// The socket is not open, or the request is none for it.
const BAD_PORT: Failure = Failure("exbadport");

/// An answer: bytes, or an error.
type Answer = Result<Vec<u8>, Failure>;

/// An answer as the driver's caller gets it.
fn encode(answer: Answer) -> Vec<u8> {
    match answer {
        Ok(bytes) => [&[1], bytes.as_slice()].concat(),
        Err(Failure(name)) => [&[0], name.as_bytes()].concat(),
    }
}

/// Reads a request's arguments from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }
    fn u8(&mut self) -> Option<u8> {
        Some(self.array::<1>()?[0])
    }
    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }
    fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }
}
