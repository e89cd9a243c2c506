//! corten-loader.
