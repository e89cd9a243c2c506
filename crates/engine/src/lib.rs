//! corten-engine.
