//! `prim_socket`: sockets as `socket.erl` uses them. No call blocks: one that cannot be done now is `select`, and the
//! process gets a message when it is worth another try.
//!
//! `state` has the socket and whose turn it is, `calls` opening, connecting and closing, `transfer` sending and
//! receiving, `options` and `supports` what their names say, `address` addresses as maps, `control`
//! ancillary data, `sendfile` files. `ioctl` is not here: `prim_socket.erl` raises `notsup` for functions without a
//! native one.

mod address;
mod calls;
mod control;
mod info;
mod options;
mod sendfile;
mod state;
mod supports;
mod transfer;

pub use state::process_exited;

use corten_engine::{Bif, bifs};

pub const BIFS: &[Bif] = bifs![
    prim_socket:nif_info/0 => info::node [NIF],
    prim_socket:nif_info/1 => info::socket [NIF],
    prim_socket:nif_command/1 => info::command [NIF],
    prim_socket:nif_supports/0 => supports::all [NIF],
    prim_socket:nif_supports/1 => supports::one [NIF],
    prim_socket:nif_open/2 => calls::open_descriptor [NIF],
    prim_socket:nif_open/4 => calls::open [NIF],
    prim_socket:nif_bind/2 => calls::bind [NIF],
    prim_socket:nif_connect/1 => calls::connect_finish [NIF],
    prim_socket:nif_connect/3 => calls::connect [NIF],
    prim_socket:nif_listen/2 => calls::listen [NIF],
    prim_socket:nif_accept/2 => calls::accept [NIF],
    prim_socket:nif_close/1 => calls::close [NIF],
    prim_socket:nif_finalize_close/1 => calls::finalize_close [NIF DIRTY_IO],
    prim_socket:nif_shutdown/2 => calls::shutdown [NIF],
    prim_socket:nif_sockname/1 => calls::sockname [NIF],
    prim_socket:nif_peername/1 => calls::peername [NIF],
    prim_socket:nif_cancel/3 => calls::cancel [NIF],
    prim_socket:nif_send/4 => transfer::send [NIF],
    prim_socket:nif_sendto/5 => transfer::sendto [NIF],
    prim_socket:nif_sendmsg/5 => transfer::sendmsg [NIF],
    prim_socket:nif_sendv/3 => transfer::sendv [NIF],
    prim_socket:nif_sendfile/5 => sendfile::start [NIF DIRTY_IO],
    prim_socket:nif_sendfile/4 => sendfile::again [NIF DIRTY_IO],
    prim_socket:nif_sendfile/1 => sendfile::close [NIF],
    prim_socket:nif_recv/4 => transfer::recv [NIF],
    prim_socket:nif_recvfrom/4 => transfer::recvfrom [NIF],
    prim_socket:nif_recvmsg/5 => transfer::recvmsg [NIF],
    prim_socket:nif_setopt/5 => options::set [NIF],
    prim_socket:nif_getopt/3 => options::get [NIF],
    prim_socket:nif_getopt/4 => options::get_native [NIF],
];
