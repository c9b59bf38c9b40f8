//! Who the server runs as. PostgreSQL refuses to be root, so for root it is `nobody`, and what `nobody` cannot reach
//! is put where it can.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Binaries;
use crate::error::StackError;

/// The account of a server's process: our own, or another where we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    other: Option<(u32, u32)>,
}

impl Account {
    /// Our own account, or `nobody` for root.
    pub fn for_server() -> Result<Self, StackError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let users = fs::read_to_string("/etc/passwd").map_err(StackError::file("/etc/passwd"))?;
        let other = users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == "nobody").then_some(())?;
            let mut ids = fields.skip(1).map(str::parse);
            Some((ids.next()?.ok()?, ids.next()?.ok()?))
        });
        match other {
            Some(ids) => Ok(Self { other: Some(ids) }),
            None => Err(StackError::Missing {
                what: "the user nobody".into(),
                advice: "PostgreSQL does not run as root: run this as another user".into(),
            }),
        }
    }

    /// Makes a command run as this account.
    pub(super) fn assume(&self, command: &mut Command) {
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
    }

    /// Gives a file to this account.
    pub(super) fn give(&self, path: &Path) -> Result<(), StackError> {
        match self.other {
            Some((user, group)) => {
                chown(path, Some(user), Some(group)).map_err(StackError::file(path))
            }
            None => Ok(()),
        }
    }

    /// Makes a folder that only this account enters, or takes an existing one into its possession.
    pub(super) fn make_folder(&self, path: &Path) -> Result<(), StackError> {
        fs::create_dir_all(path).map_err(StackError::file(path))?;
        if let Some((user, _)) = self.other {
            let owner = fs::metadata(path).map_err(StackError::file(path))?.uid();
            // In a folder that everybody can write to, somebody else may have been there first.
            if owner != user && owner != 0 {
                return Err(StackError::NotReady {
                    what: "PostgreSQL".into(),
                    detail: format!("{} belongs to another user: remove it", path.display()),
                });
            }
        }
        self.give(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(StackError::file(path))
    }

    /// `home`, or a place in `/var/tmp` that stands for it where this account cannot reach it.
    pub(super) fn reachable_home(&self, home: &Path) -> Result<PathBuf, StackError> {
        let home = std::path::absolute(home).map_err(StackError::file(home))?;
        if self.reaches(home.parent().unwrap_or(&home)) {
            return Ok(home);
        }
        Ok(PathBuf::from(format!(
            "/var/tmp/waybill-postgres-{:016x}",
            hash(&home)
        )))
    }

    /// The programs, or a copy of them in `/var/tmp` where this account cannot reach them.
    pub(super) fn reachable_binaries(&self, binaries: &Binaries) -> Result<Binaries, StackError> {
        let folder = binaries
            .folder()
            .canonicalize()
            .map_err(StackError::file(binaries.folder()))?;
        if self.reaches(&folder) {
            return Ok(binaries.moved_to(folder));
        }
        let whole = folder.parent().unwrap_or(&folder);
        let copy = PathBuf::from(format!(
            "/var/tmp/waybill-postgres-programs-{}-{:016x}",
            binaries.major(),
            hash(whole)
        ));
        if !copy.join("bin/postgres").is_file() {
            let fresh = copy.with_extension(std::process::id().to_string());
            let copied = Command::new("cp")
                .arg("-RL")
                .arg(whole)
                .arg(&fresh)
                .status();
            if !copied.is_ok_and(|status| status.success()) {
                return Err(StackError::NotReady {
                    what: "PostgreSQL".into(),
                    detail: format!(
                        "its programs in {} cannot be copied to {}",
                        whole.display(),
                        copy.display()
                    ),
                });
            }
            fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755))
                .map_err(StackError::file(&fresh))?;
            if fs::rename(&fresh, &copy).is_err() {
                // Another process was quicker with the same.
                fs::remove_dir_all(&fresh).map_err(StackError::file(&fresh))?;
            }
        }
        let owner = fs::metadata(&copy).map_err(StackError::file(&copy))?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(StackError::NotReady {
                what: "PostgreSQL".into(),
                detail: format!("{} belongs to another user: remove it", copy.display()),
            });
        }
        Ok(binaries.moved_to(copy.join("bin")))
    }

    /// Whether this account may enter a folder: every folder above it lets everybody through.
    fn reaches(&self, folder: &Path) -> bool {
        let Some((user, _)) = self.other else {
            return true;
        };
        folder
            .ancestors()
            .filter(|folder| folder.exists())
            .all(|folder| {
                fs::metadata(folder).is_ok_and(|found| {
                    found.mode() & 0o001 != 0 || (found.uid() == user && found.mode() & 0o100 != 0)
                })
            })
    }
}

/// FNV-1a: the same in every release, since a folder's name depends on it.
fn hash(path: &Path) -> u64 {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
