//! What `shared` says where no codec is compiled in. The cases beside this file are compiled with
//! the features of this package, so the program of this one has a package of its own.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Every shape that has code of its own, and every use that would not compile if the stand-ins for
/// what a codec brings in were not like it.
const PROGRAM: &str = r#"
use cached_runtime::{cached, invalidates};
#[cached(shared)]
fn plain(n: f64) -> f64 {
    n
}
#[cached(local = "5s", lease, shared, handle, err_timeout = 5)]
fn held(n: u64, text: &str) -> Result<String, String> {
    Ok(format!("{n}{text}"))
}
#[cached(store = "sessions", key = "{n}", handle)]
async fn load(n: u64) -> Option<u64> {
    n.checked_sub(1)
}
#[cached(shared, key = |n| n + 1)]
fn by_closure(n: u64) -> u64 {
    n
}
#[cached(shared, stale = 60, tags("{n}"), unless = n == 9)]
fn renewed(n: u64) -> u64 {
    n
}
#[cached(shared, early = 1.0, hard_timeout = 2, on_timeout = 0, handle)]
async fn renewed_async(n: u64) -> u64 {
    n
}
#[invalidates(held::entry(n, ""), load::cache(), renewed_async::cache())]
fn rename(n: u64) {
    plain(by_closure(n) as f64 + renewed(n) as f64);
}
fn main() -> Result<(), cached_runtime::Error> {
    rename(1);
    drop((held(1, "a"), async { (load(1).await, renewed_async(1).await) }, load::entry(1).invalidate_async()));
    held::entry(1, "a").put(Ok("b".into()))?;
    let _ = (held::entry(1, "a").peek()?, held::entry(1, "a").age()?);
    println!("{} {}", held::entry(1, "a").invalidate()?, held::cache().stats().hits);
    held::cache().clear()
}
"#;

/// Places of `shared`, or of the `store` that stands for it.
const PLACES: [&str; 6] = ["3:10", "7:31", "11:10", "15:10", "19:10", "23:10"];

#[test]
fn shared_without_a_codec_is_one_error_where_it_stands() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-a-codec");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a member");
    let manifest = format!(
        "[package]\nname = 'without-a-codec'\nedition = '2024'\n\n\
         [dependencies]\ncached-runtime = {{ path = '{}' }}\n\n[workspace]\n",
        workspace.join("cached-runtime").display()
    );
    fs::create_dir_all(folder.join("src")).expect("a folder for the program");
    fs::write(folder.join("Cargo.toml"), manifest).expect("its manifest");
    fs::write(folder.join("src/main.rs"), PROGRAM).expect("the program");
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).expect("its versions");

    let said = check(&folder);
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("error") && !line.starts_with("error: could not compile"))
        .collect();
    let expected = PLACES.map(|place| {
        format!(
            "src/main.rs:{place}: error: `shared` needs a codec; enable the feature `json` of \
             `cached-runtime`, or that of a store: `filesystem`, `redis` or `memcached`"
        )
    });
    assert_eq!(errors, expected, "{said}");
}

/// What the compiler says of the package in `folder`.
fn check(folder: &Path) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut check = Command::new(cargo)
        .args(["check", "--offline", "--quiet", "--message-format", "short", "--color", "never"])
        .arg("--target-dir")
        .arg(folder.join("target"))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cargo starts");
    let mut stderr = check.stderr.take().expect("it is piped");
    let reader = std::thread::spawn(move || {
        let mut said = String::new();
        stderr.read_to_string(&mut said).map(|_| said)
    });
    // It compiles some twenty crates the first time.
    let end = Instant::now() + Duration::from_secs(600);
    while check.try_wait().expect("it can be asked").is_none() {
        if Instant::now() > end {
            check.kill().expect("it can be stopped");
            panic!("the check of one program took ten minutes");
        }
        sleep(Duration::from_millis(20));
    }
    reader.join().expect("nothing panics").expect("it says text")
}
