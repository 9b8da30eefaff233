//! The guests of `plugins/`, built once in a test run, in a folder of their own. Without the target wasm32-wasip2 what needs
//! them is listed as ignored; `rustup toolchain install --no-self-update` in the project's folder fetches it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const TARGET: &str = "wasm32-wasip2";
/// They are for the host.
const HOST_FLAGS: [&str; 4] = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"];

/// Why guests can't be built here.
pub fn missing() -> Option<&'static str> {
    if !cfg!(feature = "plugins") {
        return Some("this is built without plugins");
    }
    static MISSING: OnceLock<bool> = OnceLock::new();
    let look = || {
        let told = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
        let folder = told.map(|told| PathBuf::from(String::from_utf8_lossy(&told.stdout).trim()));
        !folder.is_ok_and(|folder| folder.is_dir())
    };
    MISSING.get_or_init(look).then_some("the target wasm32-wasip2 is not installed")
}

/// Where their components are.
pub fn folder() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref().map_err(Clone::clone)
}

/// One of them.
pub fn component(name: &str) -> Result<Vec<u8>, String> {
    let file = folder()?.join(name).with_extension("wasm");
    std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Follows the steps for a plugin of one's own in `plugins/README.md`, but for the last, in a copy of `plugins/` that is in
/// `folder`: the component's file.
pub fn own(folder: &Path) -> Result<PathBuf, String> {
    let readme = std::fs::read_to_string(folder.join("plugins/README.md")).map_err(|error| error.to_string())?;
    let steps = readme.lines().skip_while(|line| !line.starts_with("    cp -r ")).take_while(|line| !line.is_empty());
    let (steps, install): (Vec<&str>, Vec<&str>) = steps.partition(|line| !line.starts_with("    postcase "));
    let file = install.iter().flat_map(|line| line.split(' ')).find_map(|word| word.strip_prefix("plugins/target/"));
    let file = file.ok_or("plugins/README.md installs nothing")?;
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &steps.join("\n")]).current_dir(folder);
    for flags in HOST_FLAGS {
        shell.env_remove(flags);
    }
    // What the others were built of needn't be built again, nor fetched.
    let target = target();
    let ended = shell.env("CARGO_TARGET_DIR", &target).env("CARGO_NET_OFFLINE", "true").output();
    let ended = ended.map_err(|error| format!("sh: {error}"))?;
    if !ended.status.success() {
        return Err(format!("the steps of plugins/README.md fail:\n{}", String::from_utf8_lossy(&ended.stderr)));
    }
    Ok(target.join(file))
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests")
}

fn build() -> Result<PathBuf, String> {
    let target = target();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--target", TARGET, "--manifest-path"]).arg(manifest);
    cargo.arg("--target-dir").arg(&target);
    for flags in HOST_FLAGS {
        cargo.env_remove(flags);
    }
    let built = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    if !built.status.success() {
        return Err(format!("the guests can't be built:\n{}", String::from_utf8_lossy(&built.stderr)));
    }
    Ok(target.join(TARGET).join("release"))
}
