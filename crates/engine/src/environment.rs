//! The environment variables of the node: a table of our own, taken from the operating system at start.
//!
//! `os:getenv` and friends read and change it; programs that ports start get it. The process's real
//! environment stays as it was, because changing it is not safe while other threads run.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStringExt;
use std::sync::{LazyLock, PoisonError, RwLock};

type Table = BTreeMap<Vec<u8>, Vec<u8>>;
static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(|| {
    let vars = std::env::vars_os().map(|(k, v)| (k.into_vec(), v.into_vec()));
    RwLock::new(vars.collect())
});

pub fn get(name: &[u8]) -> Option<Vec<u8>> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    table.get(name).cloned()
}

pub fn set(name: Vec<u8>, value: Vec<u8>) {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.insert(name, value);
}

pub fn unset(name: &[u8]) {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    table.remove(name);
}

/// All variables, ordered by name.
pub fn all() -> Vec<(Vec<u8>, Vec<u8>)> {
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    table.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}
