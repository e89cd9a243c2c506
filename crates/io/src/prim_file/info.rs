//! `#file_info{}` from what the system tells of a file.

use crate::atoms;
use corten_engine::Process;
use corten_term::{Atom, Term, am};
use rustix::fs::{FileType, Stat};

/// Times that a `calendar` date can show: years 1902 to 9999.
const TIMES: std::ops::RangeInclusive<i64> = -2_145_916_800..=253_402_300_799;

/// What the node may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    pub read: bool,
    pub write: bool,
}

impl Access {
    /// What the mode allows to the user that the node runs as.
    pub fn of_mode(stat: &Stat) -> Access {
        let shift = if stat.st_uid == rustix::process::geteuid().as_raw() {
            6
        } else if stat.st_gid == rustix::process::getegid().as_raw() {
            3
        } else {
            0
        };
        let bits = stat.st_mode >> shift;
        Access {
            read: bits & 4 != 0,
            write: bits & 2 != 0,
        }
    }
    fn atom(self) -> Atom {
        match (self.read, self.write) {
            (true, false) => atoms::read(),
            (false, true) => atoms::write(),
            (true, true) => atoms::read_write(),
            (false, false) => am::none,
        }
    }
}

fn type_atom(stat: &Stat) -> Atom {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice | FileType::BlockDevice => atoms::device(),
        FileType::Directory => atoms::directory(),
        FileType::RegularFile => atoms::regular(),
        FileType::Symlink => atoms::symlink(),
        _ => atoms::other(),
    }
}

/// The record. Numbers other than size and times are cut to 32 bits, as the reference engine does.
pub fn record<'h>(p: &'h Process, stat: &Stat, access: Access) -> Term<'h> {
    let time = |t: i64| p.heap.int(t.clamp(*TIMES.start(), *TIMES.end()));
    let word = |n: u64| Term::small(i64::from(n as u32));
    p.heap.tuple(&[
        Term::atom(atoms::file_info()),
        p.heap.int(stat.st_size),
        Term::atom(type_atom(stat)),
        Term::atom(access.atom()),
        time(stat.st_atime),
        time(stat.st_mtime),
        time(stat.st_ctime),
        word(stat.st_mode.into()),
        word(stat.st_nlink),
        word(stat.st_dev),
        word(stat.st_rdev),
        word(stat.st_ino),
        word(stat.st_uid.into()),
        word(stat.st_gid.into()),
    ])
}
