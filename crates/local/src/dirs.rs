//! Where the local stack keeps everything: one folder, `.local` in the checkout or the one that
//! `WAYBILL_LOCAL_DIR` names. Two stacks with two folders share nothing but the installed programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::StackError;

/// The folder of one local stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalDir {
    root: PathBuf,
    checkout: Option<PathBuf>,
}

impl LocalDir {
    /// The folder that the environment or the current directory names.
    ///
    /// `WAYBILL_LOCAL_DIR` wins; else `.local` in the checkout, which is `WAYBILL_CHECKOUT` (set by
    /// `scripts/waybill`) or the nearest folder above the current one that holds this workspace.
    pub fn find() -> Result<Self, StackError> {
        let checkout = env::var_os("WAYBILL_CHECKOUT")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .or_else(|| env::current_dir().ok().and_then(|dir| checkout_above(&dir)));
        let root = match env::var_os("WAYBILL_LOCAL_DIR").filter(|value| !value.is_empty()) {
            Some(dir) => PathBuf::from(dir),
            None => match &checkout {
                Some(checkout) => checkout.join(".local"),
                None => {
                    return Err(StackError::Missing {
                        what: "the local stack's folder".into(),
                        advice: "run this in a checkout of Waybill, or set WAYBILL_LOCAL_DIR"
                            .into(),
                    });
                }
            },
        };
        Self::at(&root, checkout.as_deref())
    }

    /// The folder at `root`, made if it is not there. Programs are also looked for in the `.local` of `checkout`.
    pub fn at(root: &Path, checkout: Option<&Path>) -> Result<Self, StackError> {
        fs::create_dir_all(root).map_err(StackError::file(root))?;
        Ok(Self {
            root: root.canonicalize().map_err(StackError::file(root))?,
            checkout: checkout.map(Path::to_path_buf),
        })
    }

    /// The folder itself, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The checkout that this stack runs from, where there is one.
    pub fn checkout(&self) -> Option<&Path> {
        self.checkout.as_deref()
    }

    /// The file with process ids, ports and ids.
    pub fn state_file(&self) -> PathBuf {
        self.root.join("stack.json")
    }

    /// The file whose lock makes `up` and `down` wait for each other.
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// Logs of the programs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The emulator's own folder: its state, objects, unpacked functions, temporary files.
    pub fn emulator(&self) -> PathBuf {
        self.root.join("aws")
    }

    /// PostgreSQL's own folder.
    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// Python environments that may hold the emulator and PostgreSQL, the stack's own first.
    pub fn python_environments(&self) -> Vec<PathBuf> {
        let mut found = vec![self.root.join("venv")];
        if let Some(checkout) = &self.checkout {
            let shared = checkout.join(".local/venv");
            if !found.contains(&shared) {
                found.push(shared);
            }
        }
        found
    }
}

/// The nearest folder at or above `dir` that is a checkout of this workspace.
fn checkout_above(dir: &Path) -> Option<PathBuf> {
    dir.ancestors()
        .find(|dir| dir.join("crates/waybill/Cargo.toml").is_file())
        .map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_from_a_folder_inside_it() {
        // At run time: what was built in one checkout may be run in another.
        let here = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let here = Path::new(&here);
        let checkout = checkout_above(&here.join("src")).expect("the tests run in a checkout");
        assert!(checkout.join("crates/local").is_dir());
    }

    #[test]
    fn programs_are_looked_for_in_the_stacks_own_folder_and_then_in_the_checkouts() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let local =
            LocalDir::at(&dir.path().join("one"), Some(Path::new("/checkout"))).expect("a folder");
        let environments = local.python_environments();
        assert_eq!(environments[0], local.root().join("venv"));
        assert_eq!(environments[1], Path::new("/checkout/.local/venv"));
    }
}
