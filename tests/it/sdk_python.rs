//! The Python SDK as a customer installs it, against the real service: `openapi/python/tests/e2e.py` says when the gateway is to
//! be killed, in the middle of a stream, and judges what came of it. Its unit tests run here, too.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::stack::{CHECKPOINT, Plan, Stack};

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/python");
const CREDITS: &str = "1000000000000";
/// Three jobs on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// A Python that has the package and what its tests need, of pinned versions; made once, and kept in the target folder.
pub(crate) async fn python() -> &'static Path {
    static PYTHON: OnceCell<PathBuf> = OnceCell::const_new();
    PYTHON.get_or_init(install).await
}

async fn install() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk-python");
    let python = place.join("bin/python");
    let pinned = std::fs::read_to_string(Path::new(PACKAGE).join("requirements.txt")).unwrap();
    let mark = place.join("installed.txt");
    if std::fs::read_to_string(&mark).ok().as_ref() != Some(&pinned) {
        let _ = std::fs::remove_dir_all(&place);
        run(Command::new("python3").args(["-m", "venv"]).arg(&place)).await;
        run(pip(&python).args(["-r", "requirements.txt"])).await;
        std::fs::write(&mark, pinned).unwrap();
    }
    // again each time: the package is what is tested
    run(pip(&python).args(["--no-deps", "--no-build-isolation", "--force-reinstall", "."])).await;
    python
}

fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).current_dir(PACKAGE);
    command
}

async fn run(command: &mut Command) {
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&said));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_unit_tests_pass() {
    let mut command = Command::new(python().await);
    // without the source tree on the path: it is the installed package that is tested
    command.args(["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]).current_dir(PACKAGE);
    command.env("PYTHONSAFEPATH", "1");
    run(&mut command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_stream_survives_kill_9_of_the_gateway_and_what_it_got_is_verified_offline() {
    let python = python().await;
    let mut stack = Stack::start_all(Plan::honest(1)).await;
    let key = stack.new_key(CREDITS);
    let dir = tempfile::tempdir().unwrap();
    let mut script = Command::new(python)
        .args(["-B", &format!("{PACKAGE}/tests/e2e.py")])
        .current_dir(dir.path())
        .envs([("RELIQUARY_BASE_URL", stack.base()), ("RELIQUARY_API_KEY", key.as_str())])
        .envs([("CHECKPOINT", CHECKPOINT), ("RELIQUARY_BINARY", env!("CARGO_BIN_EXE_reliquary"))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut tell = script.stdin.take().unwrap();
    let mut said = BufReader::new(script.stdout.take().unwrap()).lines();
    let (mut kills, mut last) = (0, String::new());
    while let Some(line) = timeout(PATIENCE, said.next_line()).await.unwrap().unwrap() {
        if line == "restart" {
            stack.kill9("api");
            tell.write_all(b"killed\n").await.unwrap();
            stack.up("api").await;
            kills += 1;
        }
        last = line;
    }
    let status = timeout(PATIENCE, script.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}: what it said is above");
    assert_eq!((kills, last.as_str()), (2, "done"));
    stack.assert_alive();
}
