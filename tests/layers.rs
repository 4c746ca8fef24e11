//! The layers of the crate: a file uses its own folder and what lies below it.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every module of the crate and its layer. Modules of layer 2 do not know each other; those of the layers
/// above may.
const LAYERS: &[(&str, u8)] = &[
    ("wire", 0),
    ("crypto", 1),
    ("schedule", 2),
    ("record", 2),
    ("session", 2),
    ("pki", 2),
    ("error", 3),
    ("connection", 4),
    ("handshake", 4),
    ("server", 5),
    ("client", 5),
    ("explain", 5),
    ("edge", EDGE),
    ("replay", EDGE),
    ("blocking", EDGE),
    ("tokio", EDGE),
    ("store", EDGE),
    ("bin", EDGE),
];

/// What could panic, or lose a part of a number. `lib.rs` turns these on for all layers below the edges.
const PANIC_LINTS: &[&str] = &[
    "arithmetic_side_effects",
    "cast_possible_truncation",
    "cast_possible_wrap",
    "cast_sign_loss",
    "expect_used",
    "indexing_slicing",
    "panic",
    "string_slice",
    "todo",
    "unimplemented",
    "unreachable",
    "unwrap_used",
];

/// Where one of them is off below the edges, and how often. The reason stands there.
const EXCEPTIONS: &[(&str, &str, usize)] = &[
    ("crypto/graviola/sign.rs", "arithmetic_side_effects", 1),
    ("pki/date.rs", "arithmetic_side_effects", 1),
    ("session/base64.rs", "arithmetic_side_effects", 2),
    ("session/state.rs", "arithmetic_side_effects", 1),
];

/// Methods and macros that panic and that no lint knows.
const PANICKING: &[&str] = &[
    ".chunks(",
    ".chunks_exact(",
    ".clone_from_slice(",
    ".copy_from_slice(",
    ".copy_within(",
    ".drain(",
    ".remove(",
    ".rotate_left(",
    ".rotate_right(",
    ".split_at(",
    ".split_at_mut(",
    ".split_off(",
    ".step_by(",
    ".swap(",
    ".swap_remove(",
    "assert!(",
    "assert_eq!(",
    "assert_ne!(",
];

/// Where they are used below the edges, how often, and why they do not panic there.
const CANNOT_PANIC: &[(&str, &str, usize, &str)] = &[
    ("crypto/copy.rs", ".copy_from_slice(", 1, "both cut to one length just before"),
    ("crypto/rustcrypto/parse.rs", ".drain(", 1, "it reads DER, and removes nothing"),
    ("explain/sessions.rs", ".remove(", 1, "of a map, where what is not there is None"),
    ("handshake/channel.rs", ".drain(", 2, "as many bytes as were found at the start just before"),
    ("pki/outline.rs", ".chunks_exact(", 1, "of two"),
    ("record/buffer.rs", ".copy_within(", 1, "kept <= head <= tail <= storage.len()"),
    ("record/seal.rs", ".chunks(", 2, "max_plaintext is 1 at least, and the payload is not empty"),
    ("record/seal.rs", ".copy_from_slice(", 2, "the record is as long as its fragment and the overhead"),
    ("record/seal.rs", ".split_at(", 1, "at the length at most"),
    ("session/base64.rs", ".chunks(", 2, "of three and of four"),
    ("session/key_file.rs", ".chunks(", 1, "half of a key that is not empty"),
    ("session/key_file.rs", ".rotate_left(", 1, "by less than the length"),
    ("session/ratchet.rs", ".copy_from_slice(", 1, "two arrays"),
    ("session/ring.rs", ".drain(", 1, "fewer than there are"),
    ("session/seal.rs", ".copy_from_slice(", 2, "cut to 16 bytes and to a salt's length just before"),
    ("wire/hello.rs", ".copy_from_slice(", 1, "as many bytes as were cut off just before"),
    ("wire/write.rs", ".copy_from_slice(", 1, "N bytes both"),
];

const EDGE: u8 = 6;
const PARTS: u8 = 2;
const MOST_LINES: usize = 500;

/// What only the edges may touch.
const OUTSIDE: &[&str] = &["std::net", "std::fs", "SystemTime", "Instant::now", "UnixTime::now"];

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// A source file: its path under `src`, the module it belongs to, its text.
struct Source {
    path: String,
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path: PathBuf = entry.expect("a file of the crate").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&root).expect("a path under src");
                let first =
                    relative.components().next().expect("a name").as_os_str().to_str().expect("UTF-8");
                found.push(Source {
                    path: relative.display().to_string(),
                    module: first.trim_end_matches(".rs").to_owned(),
                    text: fs::read_to_string(&path).expect("a readable file"),
                });
            }
        }
    }
    assert!(found.len() > 20, "the sources are where this test looks for them");
    found
}

/// The text without comments, so that a link in documentation is not a dependency.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// What follows `crate::`: the first segment of each path, also of each path in `crate::{..}`.
fn used_modules(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(group_heads(group)),
            None => used.push(identifier(rest)),
        }
    }
    // What follows `crate::` in a macro may be for its caller to say.
    used.retain(|name| !name.is_empty());
    used
}

/// What the façade re-exports: names, each with the module or crate that it comes from.
fn facade() -> Vec<(String, String)> {
    let lib = sources().into_iter().find(|source| source.path == "lib.rs").expect("a façade");
    let code = code(&lib.text);
    let uses = code.split("pub use ").skip(1).filter_map(|text| text.split(';').next());
    let names = uses.filter_map(|text| {
        let (module, items) = text.split_once("::")?;
        let names = match items.strip_prefix('{') {
            Some(group) => group_heads(group),
            None => vec![identifier(items)],
        };
        Some(names.into_iter().map(|name| (name, module.to_owned())).collect::<Vec<_>>())
    });
    names.flatten().collect()
}

fn identifier(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The first segments in a group whose opening brace was read.
fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut start) = (Vec::new(), 1, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                heads.push(identifier(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            heads.push(identifier(&group[start..at]));
            break;
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

/// Why `user` may not use `used`, if it may not.
fn objection(user: &str, used: &str) -> Option<&'static str> {
    if user == used || user == "lib" {
        return None;
    }
    let (Some(from), Some(to)) = (layer(user), layer(used)) else {
        return Some("one of the two is no module of the table");
    };
    match () {
        () if user == "bin" => Some("the command uses the library by its name"),
        () if to > from => Some("upwards"),
        () if to == from && to == PARTS => Some("sideways"),
        () => None,
    }
}

#[test]
fn no_file_uses_a_layer_above_its_own_or_beside_it_among_the_parts() {
    let (mut wrong, facade) = (Vec::new(), facade());
    assert!(facade.iter().any(|(name, module)| name == "Error" && module == "error"));
    for source in sources() {
        let own_items = source.module == "bin";
        for used in used_modules(&code(&source.text)) {
            // Within the command, `crate` is the command.
            if own_items && layer(&used).is_none() {
                continue;
            }
            let used = match facade.iter().find(|(name, _)| *name == used) {
                Some((_, module)) if layer(module).is_none() => continue,
                Some((_, module)) => module.clone(),
                None => used,
            };
            if let Some(why) = objection(&source.module, &used) {
                wrong.push(format!("{} uses crate::{used}: {why}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn below_the_edges_nothing_reads_a_clock_a_file_or_a_socket() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| layer(&source.module).is_some_and(|layer| layer < EDGE)) {
        let code = code(&source.text);
        wrong.extend(
            OUTSIDE
                .iter()
                .filter(|outside| code.contains(**outside))
                .map(|outside| format!("{} mentions {outside}", source.path)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The code of every file below the edges, up to its tests; files that are nothing but tests are left out.
fn below_the_edges() -> Vec<(String, String)> {
    let sources = sources().into_iter();
    let below = sources.filter(|source| layer(&source.module).is_some_and(|layer| layer < EDGE));
    let tested = below.filter(|source| !source.path.contains("/tests") && source.path != "wire/check.rs");
    let without_tests =
        |text: String| code(text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default());
    tested
        .map(|source| {
            (source.path, source.text.replace("cfg(all(test, feature = \"rustcrypto\"))", "cfg(test)"))
        })
        .map(|(path, text)| (path, without_tests(text)))
        .collect()
}

/// How often each of `what` is in which file, where it is at all.
fn uses<'w>(what: &[&'w str], written: impl Fn(&str) -> String) -> Vec<(String, &'w str, usize)> {
    let mut found = Vec::new();
    for (path, code) in below_the_edges() {
        let counts = what.iter().map(|each| (path.clone(), *each, code.matches(&written(each)).count()));
        found.extend(counts.filter(|(_, _, count)| *count > 0));
    }
    found.sort();
    found
}

#[test]
fn the_lints_against_panics_are_on_for_every_layer_below_the_edges() {
    let lib = sources().into_iter().find(|source| source.path == "lib.rs").expect("a façade");
    let code: String = code(&lib.text).split_whitespace().collect();
    let (_, rest) =
        code.split_once("#![cfg_attr(not(test),warn(").expect("the lints, for all that are no tests");
    let (block, _) = rest.split_once(")").expect("their end");
    let lints: Vec<_> = block.split(',').filter_map(|lint| lint.strip_prefix("clippy::")).collect();
    assert_eq!(lints, PANIC_LINTS);
    // What takes them back stands before a module of the edges.
    for exempt in code.split("#[allow(").skip(1) {
        let (_, item) = exempt.split_once("mod").expect("a module");
        let module = identifier(item);
        assert_eq!(layer(&module), Some(EDGE), "{module}");
    }
}

#[test]
fn the_exceptions_from_the_lints_against_panics_are_those_of_the_table() {
    let found = uses(PANIC_LINTS, |lint| format!("clippy::{lint}"));
    let table: Vec<_> =
        EXCEPTIONS.iter().map(|(path, lint, count)| ((*path).to_owned(), *lint, *count)).collect();
    assert_eq!(found, table);
    let groups = uses(&["allow(clippy", "clippy::pedantic", "clippy::restriction"], str::to_owned);
    assert_eq!(groups, [], "an exception is expected, and is a lint's");
}

#[test]
fn the_panicking_methods_below_the_edges_are_those_of_the_table() {
    let found = uses(PANICKING, str::to_owned);
    let named = CANNOT_PANIC.iter().map(|(path, method, count, _)| ((*path).to_owned(), *method, *count));
    assert_eq!(found, named.collect::<Vec<_>>());
}

#[test]
fn every_file_belongs_to_a_module_of_the_table_and_is_short() {
    for source in sources() {
        let known = source.module == "lib" || layer(&source.module).is_some();
        assert!(known, "{} belongs to no layer", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", source.path);
    }
}

#[test]
fn the_reading_of_paths_finds_groups_and_nested_groups() {
    let code = "use crate::{\n  wire::{Reader, Writer},\n  crypto,\n};\nlet a = crate::pki::Name; my_crate::x; $crate::y";
    assert_eq!(used_modules(code), ["wire", "crypto", "pki"]);
    assert_eq!(objection("record", "session"), Some("sideways"));
    assert_eq!(objection("wire", "crypto"), Some("upwards"));
    assert_eq!(objection("server", "client"), None);
    assert_eq!(objection("pki", "wire"), None);
    assert_eq!(objection("wire", "nothing"), Some("one of the two is no module of the table"));
}
