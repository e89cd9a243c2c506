//! The corpus that fuzzing has left (`fuzz/corpus/loader`), run through the fuzz target's checks.

#[path = "../../../fuzz/checks/loader.rs"]
mod checks;

#[test]
fn the_committed_corpus_passes() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/loader");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        checks::check(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 100, "{count}");
}
