//! `sendmsg` and `recvmsg` with ancillary data of any kind, as bytes; `rustix` knows only some kinds.

use rustix::io::Errno;
use rustix::net::SocketAddrAny;
use rustix::net::addr::SocketAddrStorage;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A piece of ancillary data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub level: i32,
    pub kind: i32,
    pub data: Vec<u8>,
}

/// What `recvmsg` gives.
#[derive(Debug)]
pub struct Received {
    pub bytes: usize,
    pub flags: i32,
    pub from: Option<SocketAddrAny>,
    pub control: Vec<Control>,
}

/// Ancillary data starts and is padded at words; a length, a level and a kind come in front of each piece.
const WORD: usize = size_of::<usize>();
const HEADER: usize = size_of::<libc::cmsghdr>();

fn write(pieces: &[Control]) -> Vec<u8> {
    let mut out = Vec::new();
    for c in pieces {
        out.extend((HEADER + c.data.len()).to_ne_bytes());
        out.extend(c.level.to_ne_bytes());
        out.extend(c.kind.to_ne_bytes());
        out.extend(&c.data);
        out.resize(out.len().next_multiple_of(WORD), 0);
    }
    out
}

/// The pieces that are whole.
pub fn read(mut bytes: &[u8]) -> Vec<Control> {
    let mut out = Vec::new();
    while let Some(header) = bytes.get(..HEADER) {
        let (length, rest) = header.split_at(WORD);
        let length = length.try_into().map_or(0, usize::from_ne_bytes);
        let number = |at: usize| rest[at..at + 4].try_into().map_or(0, i32::from_ne_bytes);
        let Some(data) = bytes.get(HEADER..length) else {
            break;
        };
        out.push(Control {
            level: number(0),
            kind: number(4),
            data: data.to_vec(),
        });
        bytes = bytes
            .get(length.next_multiple_of(WORD)..)
            .unwrap_or_default();
    }
    out
}

/// Words, so that they are aligned, with these bytes.
fn aligned(bytes: &[u8]) -> Vec<usize> {
    let word = |c: &[u8]| c.try_into().map_or(0, usize::from_ne_bytes);
    bytes.chunks(WORD).map(word).collect()
}

fn failed() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}

/// Sends to `to`, or to the peer.
pub fn send(
    fd: BorrowedFd<'_>,
    bytes: &[IoSlice<'_>],
    to: Option<&SocketAddrAny>,
    control: &[Control],
    flags: i32,
) -> Result<usize, Errno> {
    let control = write(control);
    let mut words = aligned(&control);
    // SAFETY: all zeroes is a message without parts.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    if let Some(to) = to {
        message.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_namelen = to.addr_len();
    }
    // An `IoSlice` is an `iovec`.
    message.msg_iov = bytes.as_ptr().cast_mut().cast();
    message.msg_iovlen = bytes.len();
    if !control.is_empty() {
        message.msg_control = words.as_mut_ptr().cast();
        message.msg_controllen = control.len();
    }
    // SAFETY: all parts outlive the call, which does not write to them.
    let n = unsafe { libc::sendmsg(fd.as_raw_fd(), &message, flags) };
    usize::try_from(n).map_err(|_| failed())
}

/// Receives into `buffer`, with at most `control_size` bytes of ancillary data.
pub fn receive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    control_size: usize,
    flags: i32,
) -> Result<Received, Errno> {
    let mut words = vec![0usize; control_size.div_ceil(WORD)];
    let mut from = MaybeUninit::<SocketAddrStorage>::zeroed();
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: all zeroes is a message without parts.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = from.as_mut_ptr().cast();
    message.msg_namelen = size_of::<SocketAddrStorage>() as libc::socklen_t;
    message.msg_iov = &mut part;
    message.msg_iovlen = 1;
    message.msg_control = words.as_mut_ptr().cast();
    message.msg_controllen = control_size;
    let flags = flags | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: the parts outlive the call and have the sizes that the message says.
    let n = unsafe { libc::recvmsg(fd.as_raw_fd(), &mut message, flags) };
    let bytes = usize::try_from(n).map_err(|_| failed())?;
    let all: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
    let size = message
        .msg_namelen
        .min(size_of::<SocketAddrStorage>() as libc::socklen_t);
    // SAFETY: the storage is initialised throughout, `size` is between a family's size and the storage's.
    let from = (size >= 2).then(|| unsafe { SocketAddrAny::new(from, size) });
    Ok(Received {
        bytes,
        flags: message.msg_flags,
        from,
        control: read(&all[..all.len().min(message.msg_controllen)]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::fd::AsFd;

    #[test]
    fn ancillary_data_goes_with_a_datagram() {
        let a = UdpSocket::bind("127.0.0.1:0").unwrap();
        let b = UdpSocket::bind("127.0.0.1:0").unwrap();
        crate::sys::socket_option::set(
            a.as_fd(),
            libc::IPPROTO_IP,
            libc::IP_RECVTTL,
            &1i32.to_ne_bytes(),
        )
        .unwrap();
        let to = a.local_addr().unwrap().into();
        let ttl = Control {
            level: libc::IPPROTO_IP,
            kind: libc::IP_TTL,
            data: 17i32.to_ne_bytes().to_vec(),
        };
        let parts = [IoSlice::new(b"he"), IoSlice::new(b"llo")];
        assert_eq!(
            send(b.as_fd(), &parts, Some(&to), std::slice::from_ref(&ttl), 0),
            Ok(5)
        );
        let mut buffer = [0; 10];
        let got = receive(a.as_fd(), &mut buffer, 256, 0).unwrap();
        assert_eq!((got.bytes, &buffer[..5]), (5, &b"hello"[..]));
        assert_eq!(got.control, [ttl]);
        assert_eq!(got.from, Some(b.local_addr().unwrap().into()));
        assert_eq!(read(&[1, 2, 3]), []);
        assert_eq!(read(&[0xff; 64]), []);
        assert_eq!(read(&[0; 64]), []);
    }
}
