//! Loads every `.beam` file below the given directories and says how long it took.
//! Usage: `cargo run --release -p corten-loader --example census DIR...`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "beam") {
            into.push(path);
        }
    }
}

fn main() {
    let mut files = Vec::new();
    for dir in std::env::args_os().skip(1) {
        collect(Path::new(&dir), &mut files);
    }
    let (mut spent, mut slowest) = (Duration::ZERO, (Duration::ZERO, PathBuf::new()));
    let (mut failed, mut bytes, mut instructions) = (0, 0, 0);
    for path in &files {
        let Ok(content) = std::fs::read(path) else {
            continue;
        };
        let start = Instant::now();
        let result = corten_loader::load(&content);
        let took = start.elapsed();
        spent += took;
        bytes += content.len();
        if took > slowest.0 {
            slowest = (took, path.clone());
        }
        match result {
            Ok(module) => instructions += module.code.len(),
            Err(error) => {
                failed += 1;
                println!("{}: {error}", path.display());
            }
        }
    }
    println!(
        "{} files, {failed} refused, {bytes} bytes, {instructions} instructions in {spent:?}",
        files.len()
    );
    println!("slowest: {:?} {}", slowest.0, slowest.1.display());
}
