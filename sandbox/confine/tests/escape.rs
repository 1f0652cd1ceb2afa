//! Tries to get out: every attempt runs in a process of its own that has confined itself as a run child does, and must end
//! as its line says. A harness of its own, since a process with threads cannot leave its namespaces.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "this is its own harness: it reports by printing")]

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use confine::{Plan, confine, seal};

const PLAN: Plan = Plan { cpu_seconds: Some(5), data_bytes: 256 << 20, open_files: 16 };

/// How an attempt must end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// It went well: what a child needs for its work.
    Fine,
    /// The kernel killed it: the system call is not on the list.
    Killed,
    /// It got an error, or found nothing.
    Refused,
}

/// Name, whether the list of system calls is in force, the attempt, and its end.
type Attempt = (&'static str, bool, fn() -> bool, End);

const ATTEMPTS: &[Attempt] = &[
    ("works", true, works, End::Fine),
    ("keeps_an_image", true, keeps_an_image, End::Fine),
    ("reads_a_file", true, reads_a_file, End::Refused),
    ("reads_a_file_unsealed", false, reads_a_file, End::Refused),
    ("writes_a_file_unsealed", false, writes_a_file, End::Refused),
    ("lists_a_folder_unsealed", false, lists_a_folder, End::Refused),
    ("opens_a_socket", true, opens_a_socket, End::Killed),
    ("connects_unsealed", false, connects, End::Refused),
    ("starts_a_process", true, starts_a_process, End::Killed),
    ("starts_a_process_unsealed", false, starts_a_process, End::Refused),
    ("starts_a_thread", true, starts_a_thread, End::Killed),
    ("kills_its_parent", true, kills_its_parent, End::Killed),
    ("has_rights", false, has_rights, End::Refused),
    ("sees_an_environment", false, sees_an_environment, End::Refused),
    ("takes_a_gigabyte", true, takes_a_gigabyte, End::Refused),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, name] = arguments.as_slice()
        && word == "attempt"
    {
        attempt(name);
    }
    // the harness's own options (a filter, --list) choose nothing here
    if arguments.iter().any(|argument| argument == "--list") {
        return;
    }
    for (name, _, _, end) in ATTEMPTS {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["attempt", name])
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        let ended = match (child.status.code(), child.status.signal()) {
            (Some(0), _) => End::Fine,
            (_, Some(signal)) if signal == libc::SIGSYS => End::Killed,
            (Some(7), _) => End::Refused,
            other => panic!("{name}: {other:?} {said} {}", String::from_utf8_lossy(&child.stderr)),
        };
        // what this kernel cannot do is said, and not asserted
        assert!(!said.contains("NOT seccomp"), "every Linux that runs our tests has seccomp: {said}");
        if said.contains("NOT ") && ended != *end {
            println!("test {name} ... skipped: {said}");
            continue;
        }
        assert_eq!(ended, *end, "{name}: {said}");
        println!("test {name} ... ok");
    }
}

fn attempt(name: &str) -> ! {
    let (_, sealed, run, _) = ATTEMPTS.iter().find(|(known, ..)| *known == name).expect("a known attempt");
    let mut report = confine(&PLAN);
    if *sealed {
        seal(&mut report);
    }
    print!("{report}");
    std::io::stdout().flush().unwrap();
    std::process::exit(if run() { 0 } else { 7 });
}

fn works() -> bool {
    let grown: Vec<u8> = vec![1; 32 << 20];
    grown.iter().map(|byte| u64::from(*byte)).sum::<u64>() == 32 << 20
}

fn reads_a_file() -> bool {
    std::fs::read("/etc/hostname").is_ok() || std::fs::read("/proc/self/environ").is_ok()
}

/// As the engine keeps the first memory of a guest, so that every instance can map it.
fn keeps_an_image() -> bool {
    use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

    let Ok(image) = memfd_create(c"image", MemfdFlags::ALLOW_SEALING) else { return false };
    rustix::io::write(&image, &[7; 4_096]).is_ok()
        && fcntl_add_seals(&image, SealFlags::WRITE | SealFlags::SEAL).is_ok()
        && rustix::thread::set_name(c"escape").is_ok()
}

fn writes_a_file() -> bool {
    std::fs::write("/tmp/escaped", "x").is_ok()
}

fn lists_a_folder() -> bool {
    std::fs::read_dir("/").is_ok()
}

fn opens_a_socket() -> bool {
    std::net::UdpSocket::bind("127.0.0.1:0").is_ok()
}

fn connects() -> bool {
    std::net::TcpStream::connect("127.0.0.1:1").is_ok()
        || std::net::UdpSocket::bind("0.0.0.0:0")
            .is_ok_and(|socket| socket.send_to(b"x", "192.0.2.1:9").is_ok())
}

fn starts_a_process() -> bool {
    Command::new("/bin/true").status().is_ok_and(|status| status.success())
}

fn starts_a_thread() -> bool {
    std::thread::spawn(|| true).join().unwrap_or(false)
}

fn kills_its_parent() -> bool {
    rustix::process::getppid()
        .is_some_and(|parent| rustix::process::kill_process(parent, rustix::process::Signal::URG).is_ok())
}

/// What only root may do, here and outside.
fn has_rights() -> bool {
    rustix::process::getuid().is_root() || std::fs::File::open("/proc/1/environ").is_ok()
}

fn sees_an_environment() -> bool {
    std::env::vars_os().next().is_some()
}

fn takes_a_gigabyte() -> bool {
    let mut taken: Vec<u8> = Vec::new();
    if taken.try_reserve_exact(1 << 30).is_err() {
        return false;
    }
    taken.resize(1 << 30, 1);
    taken[12_345] == 1
}
