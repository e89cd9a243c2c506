//! corten-io.
