//! corten-bifs.
