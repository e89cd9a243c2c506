//! The thin layer over libc, zlib and zstd: everything unsafe of this crate, each function safe to call.

#![allow(unsafe_code)]

pub mod interfaces;
pub mod message;
pub mod process;
pub mod signals;
pub mod socket_option;
pub mod zstandard;
pub mod zstream;

use polling::{Event, Poller};
use rustix::net::SocketAddrAny;
use rustix::net::addr::SocketAddrStorage;
use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::LazyLock;

/// Takes over a descriptor that a program has named by number.
///
/// The program vouches for it, as it does with the reference engine; a wrong number makes system calls fail.
pub fn adopt_fd(fd: RawFd) -> Option<OwnedFd> {
    // SAFETY: not -1; ownership is what the caller hands over.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Uses a descriptor by number for one call or for as long as nobody closes it.
pub fn borrow_fd(fd: RawFd) -> Option<BorrowedFd<'static>> {
    // SAFETY: not -1; a closed descriptor makes system calls fail with `ebadf`.
    (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
}

/// The bytes of an address behind its family.
pub fn address_bytes(a: &SocketAddrAny) -> Vec<u8> {
    let all = std::mem::size_of::<SocketAddrStorage>();
    // The lengths of all systems' addresses fit; a family has two bytes.
    let size = (a.addr_len() as usize).min(all).saturating_sub(2);
    // SAFETY: `as_ptr` is the storage that `a` holds, of which `addr_len` bytes are initialised.
    unsafe { std::slice::from_raw_parts(a.as_ptr().cast::<u8>().add(2), size) }.to_vec()
}

/// Whether the locale of the environment encodes characters as UTF-8.
pub fn locale_is_utf8() -> bool {
    static UTF8: LazyLock<bool> = LazyLock::new(|| {
        // SAFETY: called once, before anything else of the process asks for the locale; the strings that libc
        // returns stay valid until the next call.
        unsafe {
            if libc::setlocale(libc::LC_CTYPE, c"".as_ptr()).is_null() {
                return false;
            }
            let codeset = libc::nl_langinfo(libc::CODESET);
            !codeset.is_null() && {
                let name = CStr::from_ptr(codeset).to_bytes();
                name.eq_ignore_ascii_case(b"UTF-8") || name.eq_ignore_ascii_case(b"utf8")
            }
        }
    });
    *UTF8
}

/// Adds a descriptor to a poller. It stays until [`poll_delete`] or until it is closed.
pub fn poll_add(poller: &Poller, fd: RawFd, interest: Event) -> io::Result<()> {
    // SAFETY: descriptors are deleted before they are closed; the systems that we run on drop closed ones.
    unsafe { poller.add(fd, interest) }
}

/// Changes what a descriptor is polled for.
pub fn poll_modify(poller: &Poller, fd: RawFd, interest: Event) -> io::Result<()> {
    let fd = borrow_fd(fd).ok_or(io::ErrorKind::InvalidInput)?;
    poller.modify(fd, interest)
}

/// Takes a descriptor out of a poller, if it is in.
pub fn poll_delete(poller: &Poller, fd: RawFd) {
    if let Some(fd) = borrow_fd(fd) {
        let _ = poller.delete(fd);
    }
}

/// Whether the locale counts a single-byte character as printable.
pub fn character_is_printable(c: u8) -> bool {
    locale_is_utf8();
    // SAFETY: any value of an unsigned char is allowed.
    unsafe { libc::isprint(libc::c_int::from(c)) != 0 }
}
