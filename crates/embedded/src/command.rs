//! Runs a short-lived program with a time limit, and keeps what it said for the error. Not for servers: see `server`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Error;

/// How much of a failed program's output goes into the error.
const TAIL_BYTES: usize = 1500;

/// A command that inherits nothing from our environment: no `PG*` variable, no secret.
pub(crate) fn clean(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command.current_dir("/");
    command
}

/// Runs to the end; an exit status other than 0 is an error that carries the end of the output.
pub(crate) async fn run(command: &mut Command, input: &str, limit: Duration) -> Result<String, Error> {
    let shown = shown(command);
    let io = |source| Error::Io { action: "run", path: shown.clone().into(), source };

    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(io)?;
    let mut stdin = child.stdin.take();
    let finished = tokio::time::timeout(limit, async {
        if let Some(mut pipe) = stdin.take() {
            // a program that ends without reading closes the pipe: its status says why
            let _ = pipe.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await
    });
    let output = match finished.await {
        Err(_) => return Err(Error::Timeout { command: shown, limit }),
        Ok(output) => output.map_err(io)?,
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Error::Command { command: shown, status: output.status.to_string(), detail: tail(&said) })
}

/// The end of a program's output, as one line.
pub(crate) fn tail(output: &[u8]) -> String {
    let from = output.len().saturating_sub(TAIL_BYTES);
    let text = String::from_utf8_lossy(&output[from..]);
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ")
}

/// Program and arguments; secrets never travel there, so it may be printed.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
