//! `prim_file`: files and directories. `handle` has what works on an open file, `fs` what works on names,
//! `info` builds `#file_info{}`, `names` encodes names for ports.
//!
//! File names arrive as binaries that end with a zero byte (`prim_file` encodes them first). Errors are
//! `{error, Posix}`; only arguments of a wrong type raise `badarg`.

mod fs;
mod handle;
mod info;
pub mod names;

pub use handle::duplicate;

use corten_engine::{Bif, bifs};
use corten_term::Term;
use rustix::io::Errno;
use std::ffi::CString;

pub const BIFS: &[Bif] = bifs![
    prim_file:open_nif/2 => handle::open [NIF DIRTY_IO],
    prim_file:close_nif/1 => handle::close [NIF DIRTY_IO],
    prim_file:read_nif/2 => handle::read [NIF DIRTY_IO],
    prim_file:write_nif/2 => handle::write [NIF DIRTY_IO],
    prim_file:pread_nif/3 => handle::pread [NIF DIRTY_IO],
    prim_file:pwrite_nif/3 => handle::pwrite [NIF DIRTY_IO],
    prim_file:seek_nif/3 => handle::seek [NIF DIRTY_IO],
    prim_file:sync_nif/2 => handle::sync [NIF DIRTY_IO],
    prim_file:truncate_nif/1 => handle::truncate [NIF DIRTY_IO],
    prim_file:allocate_nif/3 => handle::allocate [NIF DIRTY_IO],
    prim_file:advise_nif/4 => handle::advise [NIF DIRTY_IO],
    prim_file:read_handle_info_nif/1 => handle::read_info [NIF DIRTY_IO],
    prim_file:ipread_s32bu_p32bu_nif/3 => handle::ipread [NIF DIRTY_IO],
    prim_file:get_handle_nif/1 => handle::get_handle [NIF],
    prim_file:delayed_close_nif/1 => handle::delayed_close [NIF DIRTY_IO],
    prim_file:file_desc_to_ref_nif/1 => handle::from_descriptor [NIF DIRTY_IO],
    prim_file:make_hard_link_nif/2 => fs::make_hard_link [NIF DIRTY_IO],
    prim_file:make_soft_link_nif/2 => fs::make_soft_link [NIF DIRTY_IO],
    prim_file:rename_nif/2 => fs::rename [NIF DIRTY_IO],
    prim_file:read_info_nif/2 => fs::read_info [NIF DIRTY_IO],
    prim_file:set_permissions_nif/2 => fs::set_permissions [NIF DIRTY_IO],
    prim_file:set_owner_nif/3 => fs::set_owner [NIF DIRTY_IO],
    prim_file:set_time_nif/4 => fs::set_time [NIF DIRTY_IO],
    prim_file:read_link_nif/1 => fs::read_link [NIF DIRTY_IO],
    prim_file:list_dir_nif/1 => fs::list_dir [NIF DIRTY_IO],
    prim_file:make_dir_nif/1 => fs::make_dir [NIF DIRTY_IO],
    prim_file:del_file_nif/1 => fs::del_file [NIF DIRTY_IO],
    prim_file:del_dir_nif/1 => fs::del_dir [NIF DIRTY_IO],
    prim_file:get_device_cwd_nif/1 => fs::get_device_cwd [NIF DIRTY_IO],
    prim_file:set_cwd_nif/1 => fs::set_cwd [NIF DIRTY_IO],
    prim_file:get_cwd_nif/0 => fs::get_cwd [NIF DIRTY_IO],
    prim_file:read_file_nif/1 => fs::read_file [NIF DIRTY_IO],
    prim_file:altname_nif/1 => fs::altname [NIF DIRTY_IO],
];

/// A native file name: bytes that end with one or more zero bytes and have none before.
fn path(t: Term<'_>) -> Result<CString, Errno> {
    let bytes = t.to_bytes().ok_or(Errno::INVAL)?;
    let end = bytes.iter().position(|b| *b == 0).ok_or(Errno::INVAL)?;
    if bytes[end..].iter().any(|b| *b != 0) {
        return Err(Errno::INVAL);
    }
    CString::new(&bytes[..end]).map_err(|_| Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    #[test]
    fn paths_end_with_zeros_only() {
        let h = Heap::new();
        assert_eq!(path(h.binary(b"ab\0")).unwrap().as_bytes(), b"ab");
        assert_eq!(path(h.binary(b"ab\0\0")).unwrap().as_bytes(), b"ab");
        assert_eq!(path(h.binary(b"ab")), Err(Errno::INVAL));
        assert_eq!(path(h.binary(b"a\0b\0")), Err(Errno::INVAL));
        assert_eq!(path(Term::NIL), Err(Errno::INVAL));
    }
}
