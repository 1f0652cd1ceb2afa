//! What is left when a process that started servers dies: nothing, however it dies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded::Services;
use embedded::testing::{TestPostgres, TestRedis, psql};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::services::small;
use crate::{alive, child, child_dir, eventually, is_root, open_dir};

const LIMIT: Duration = Duration::from_mins(1);

/// Prints one line and lives until it is killed, or its input ends.
fn print_and_wait(line: &str) {
    println!("\nchild: {line}");
    let _ = std::io::read_to_string(std::io::stdin());
}

#[tokio::test]
#[ignore = "runs as another process, for the tests below"]
async fn child_runs_services() {
    let Some(dir) = child_dir() else { return };
    let services = Services::start(&dir, small()).await.unwrap();
    psql(&services.database_url, "CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES (1)")
        .await
        .unwrap();
    let postgres = services.postgres().unwrap().pid().unwrap();
    let redis = services.redis().map_or(0, |server| server.pid().unwrap());
    print_and_wait(&format!("{postgres} {redis}"));
}

#[tokio::test]
#[ignore = "runs as another process, for the tests below"]
async fn child_runs_test_servers() {
    let Some(_) = child_dir() else { return };
    let postgres = TestPostgres::shared().await.unwrap();
    let redis = TestRedis::shared().await.unwrap().unwrap();
    let database = postgres.empty_database().await.unwrap();
    let data = database.sql("SHOW data_directory").await.unwrap();
    let pids = [postgres.server(), redis.server()].map(|server| server.pid().unwrap());
    print_and_wait(&format!("{} {} {data}", pids[0], pids[1]));
}

/// Starts this binary again and reads the words of its line. The rest of its output stays open.
async fn start(mut command: tokio::process::Command) -> (Child, Vec<String>, impl Sized) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let words = tokio::time::timeout(LIMIT, async {
        loop {
            let line = lines.next_line().await.unwrap().expect("the child ended before its line");
            if let Some(words) = line.strip_prefix("child: ") {
                return words.split(' ').map(str::to_owned).collect();
            }
        }
    });
    let words = words.await.unwrap();
    (child, words, lines)
}

#[tokio::test]
async fn servers_die_with_a_killed_parent_and_the_next_start_takes_over_at_once() {
    let dir = open_dir();
    let exe = std::env::current_exe().unwrap();
    let (mut parent, words, _output) = start(child("children::child_runs_services", &exe, dir.path())).await;
    let pids: Vec<u32> = words.iter().map(|word| word.parse().unwrap()).filter(|pid| *pid != 0).collect();
    assert!(pids.iter().all(|pid| alive(*pid)), "{pids:?}");

    let refused = Services::start(dir.path(), small()).await.unwrap_err().to_string();
    assert!(refused.contains(&format!("process {}", parent.id().unwrap())), "{refused}");

    parent.kill().await.unwrap(); // SIGKILL: no destructor runs
    // at once: the old server may still be writing its last checkpoint
    let next = Services::start(dir.path(), small()).await.unwrap();
    assert_eq!(psql(&next.database_url, "SELECT count(*) FROM kept").await.unwrap(), "1");
    eventually("the old servers are gone", LIMIT, || !pids.iter().any(|pid| alive(*pid))).await;
    next.stop().await.unwrap();
}

#[tokio::test]
async fn test_servers_leave_neither_process_nor_file() {
    for kill in [false, true] {
        let dir = open_dir();
        let exe = std::env::current_exe().unwrap();
        let (mut parent, words, _output) =
            start(child("children::child_runs_test_servers", &exe, dir.path())).await;
        let pids = [0, 1].map(|index| words[index].parse::<u32>().unwrap());
        let data = PathBuf::from(&words[2]);
        assert!(data.exists() && pids.into_iter().all(alive));
        if kill {
            parent.kill().await.unwrap();
        } else {
            drop(parent.stdin.take());
            assert!(parent.wait().await.unwrap().success());
        }
        let run = data.parent().unwrap();
        eventually("the servers are gone", LIMIT, || !pids.into_iter().any(alive)).await;
        eventually("the files are gone", LIMIT, || !run.exists()).await;
    }
}

#[tokio::test]
async fn an_ordinary_user_needs_nothing_special() {
    if !is_root() {
        return; // then every other test here shows it
    }
    let dir = open_dir();
    let (exe, data) = (dir.path().join("it"), dir.path().join("data"));
    std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    std::fs::create_dir(&data).unwrap();
    std::os::unix::fs::chown(&data, Some(65534), Some(65534)).unwrap();
    // the child keeps what its tests need beside it, in the temp dir
    std::os::unix::fs::chown(dir.path(), Some(65534), Some(65534)).unwrap();

    let mut command = child("children::child_runs_services", &exe, &data);
    command.uid(65534).gid(65534).env("TMPDIR", dir.path()).env("HOME", dir.path()).current_dir("/");
    let (mut parent, words, _output) = start(command).await;
    let pid: u32 = words[0].parse().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("Uid:\t65534\t65534"), "{status}");
    assert!(Path::new(&data).join("pg/PG_VERSION").exists());
    parent.kill().await.unwrap();
    eventually("the server is gone", LIMIT, || !alive(pid)).await;
}
