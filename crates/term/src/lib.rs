//! corten-term.
