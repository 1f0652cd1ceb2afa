//! Virtual environments with a pinned package each, made once and kept under the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// One at a time: tests of one process share environments.
static MAKING: Mutex<()> = Mutex::new(());

/// A Python that has what `tests/onramps/<name>.txt` names.
pub(crate) fn with(name: &str) -> PathBuf {
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/onramps/{name}.txt"));
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{name}"));
    let (python, done) = (dir.join("bin/python"), dir.join("has.txt"));
    let text = std::fs::read_to_string(&wanted).unwrap();
    if std::fs::read_to_string(&done).is_ok_and(|has| has == text) {
        return python;
    }
    let _ = std::fs::remove_dir_all(&dir);
    run(Command::new("python3").args(["-m", "venv"]).arg(&dir));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted));
    std::fs::write(done, text).unwrap();
    python
}

fn run(command: &mut Command) {
    let output = command.output().expect("python3 is there");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
