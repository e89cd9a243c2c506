//! How the engine names itself.

use crate::node::Config;

/// `erlang:system_info(system_version)`: the reference engine's line with one more tag.
pub fn banner(c: &Config) -> String {
    format!(
        "Erlang/OTP {} [erts-{}] [source] [64-bit] [smp:{}:{}] [ds:{}:{}:{}] [async-threads:1] [corten-{}]\n",
        c.otp_release,
        c.erts_version,
        c.schedulers,
        c.schedulers_online,
        c.dirty_cpu,
        c.dirty_cpu_online,
        c.dirty_io,
        env!("CARGO_PKG_VERSION"),
    )
}
