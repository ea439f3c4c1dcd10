//! What pages show.

use std::path::Path;

/// Pages with Rust in them are named in `src/lib.rs`, where they become tests of the documentation; a fence
/// without a language is Rust to rustdoc.
#[test]
fn the_rust_of_every_page_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).expect("the library");
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/methods"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder of pages");
        pages.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    let mut found = 0;
    for page in pages
        .iter()
        .filter(|page| page.extension() == Some("md".as_ref()))
    {
        let text = std::fs::read_to_string(page).expect("a page");
        let name = page
            .strip_prefix(root)
            .expect("within")
            .display()
            .to_string();
        // every other fence begins a block
        let fences = text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("```"));
        let languages: Vec<_> = fences.step_by(2).collect();
        assert!(
            !languages.contains(&""),
            "{name}: a block without its language"
        );
        if languages
            .iter()
            .any(|language| language.starts_with("rust"))
        {
            found += 1;
            assert!(
                lib.contains(&format!("\"{name}\"")),
                "{name} is not in src/lib.rs"
            );
        }
    }
    assert!(found >= 3);
}
