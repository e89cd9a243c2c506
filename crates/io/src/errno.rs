//! POSIX error numbers as the atoms that OTP uses for them.

use crate::atoms::intern;
use corten_engine::Process;
use corten_term::{Atom, Term, am};
use rustix::io::Errno;

/// A table of `errno` constants of libc and their lower-case names. Of names for one number the one that
/// OTP prefers is listed.
macro_rules! names {
    ($($c:ident $name:literal)*) => {
        fn name(code: i32) -> &'static str {
            match code {
                $(libc::$c => $name,)*
                _ => "unknown",
            }
        }
    };
}

names! {
    E2BIG "e2big" EACCES "eacces" EADDRINUSE "eaddrinuse" EADDRNOTAVAIL "eaddrnotavail" EADV "eadv"
    EAFNOSUPPORT "eafnosupport" EAGAIN "eagain" EALREADY "ealready" EBADE "ebade" EBADF "ebadf"
    EBADFD "ebadfd" EBADMSG "ebadmsg" EBADR "ebadr" EBADRQC "ebadrqc" EBADSLT "ebadslt" EBFONT "ebfont"
    EBUSY "ebusy" ECHILD "echild" ECHRNG "echrng" ECOMM "ecomm" ECONNABORTED "econnaborted"
    ECONNREFUSED "econnrefused" ECONNRESET "econnreset" EDEADLK "edeadlk" EDESTADDRREQ "edestaddrreq"
    EDOM "edom" EDOTDOT "edotdot" EDQUOT "edquot" EEXIST "eexist" EFAULT "efault" EFBIG "efbig"
    EHOSTDOWN "ehostdown" EHOSTUNREACH "ehostunreach" EIDRM "eidrm" EILSEQ "eilseq"
    EINPROGRESS "einprogress" EINTR "eintr" EINVAL "einval" EIO "eio" EISCONN "eisconn" EISDIR "eisdir"
    EISNAM "eisnam" EL2HLT "el2hlt" EL2NSYNC "el2nsync" EL3HLT "el3hlt" EL3RST "el3rst"
    ELIBACC "elibacc" ELIBBAD "elibbad" ELIBEXEC "elibexec" ELIBMAX "elibmax" ELIBSCN "elibscn"
    ELNRNG "elnrng" ELOOP "eloop" EMFILE "emfile" EMLINK "emlink" EMSGSIZE "emsgsize"
    EMULTIHOP "emultihop" ENAMETOOLONG "enametoolong" ENAVAIL "enavail" ENETDOWN "enetdown"
    ENETRESET "enetreset" ENETUNREACH "enetunreach" ENFILE "enfile" ENOANO "enoano" ENOBUFS "enobufs"
    ENOCSI "enocsi" ENODATA "enodata" ENODEV "enodev" ENOENT "enoent" ENOEXEC "enoexec" ENOLCK "enolck"
    ENOLINK "enolink" ENOMEM "enomem" ENOMSG "enomsg" ENONET "enonet" ENOPKG "enopkg"
    ENOPROTOOPT "enoprotoopt" ENOSPC "enospc" ENOSR "enosr" ENOSTR "enostr" ENOSYS "enosys"
    ENOTBLK "enotblk" ENOTCONN "enotconn" ENOTDIR "enotdir" ENOTEMPTY "enotempty" ENOTNAM "enotnam"
    ENOTSOCK "enotsock" ENOTSUP "enotsup" ENOTTY "enotty" ENOTUNIQ "enotuniq" ENXIO "enxio"
    EOVERFLOW "eoverflow" EPERM "eperm" EPFNOSUPPORT "epfnosupport" EPIPE "epipe" EPROTO "eproto"
    EPROTONOSUPPORT "eprotonosupport" EPROTOTYPE "eprototype" ERANGE "erange" EREMCHG "eremchg"
    EREMOTE "eremote" EREMOTEIO "eremoteio" EROFS "erofs" ESHUTDOWN "eshutdown"
    ESOCKTNOSUPPORT "esocktnosupport" ESPIPE "espipe" ESRCH "esrch" ESRMNT "esrmnt" ESTALE "estale"
    ETIME "etime" ETIMEDOUT "etimedout" ETOOMANYREFS "etoomanyrefs" ETXTBSY "etxtbsy" EUCLEAN "euclean"
    EUNATCH "eunatch" EUSERS "eusers" EXDEV "exdev" EXFULL "exfull"
}

/// The atom of an error.
pub fn atom(e: Errno) -> Atom {
    intern(name(e.raw_os_error()))
}

/// The atom's name of an error.
pub fn text(e: Errno) -> &'static str {
    name(e.raw_os_error())
}

/// The error behind a standard library error.
pub fn of(e: &std::io::Error) -> Errno {
    Errno::from_io_error(e).unwrap_or(Errno::IO)
}

/// `{error, Posix}`.
pub fn error<'h>(p: &'h Process, e: Errno) -> Term<'h> {
    p.heap.tuple(&[Term::atom(am::error), Term::atom(atom(e))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(text(Errno::NOENT), "enoent");
        assert_eq!(text(Errno::WOULDBLOCK), "eagain");
        assert_eq!(text(Errno::OPNOTSUPP), "enotsup");
        assert_eq!(text(Errno::from_raw_os_error(4000)), "unknown");
    }
}
