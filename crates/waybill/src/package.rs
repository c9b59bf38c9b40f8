//! Built functions as the zips that Lambda takes. The same bytes always give the same zip, so that the emulator's
//! digest of the code tells whether a function has changed.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform::names::{Function, HANDLER};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::failure::{Failure, OrFail as _, Outcome};

/// A function's zip.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// The SHA-256 of the zip in base64, as Lambda gives it.
    pub(crate) sha256: String,
    /// The SHA-256 of the binary.
    pub(crate) binary: [u8; 32],
}

/// Packs the function that was built into `built`; what lies in `kept` from before is used again.
pub(crate) fn package(function: Function, built: &Path, kept: &Path) -> Outcome<Package> {
    let name = function.as_str();
    let binary = built.join(name);
    if !binary.is_file() {
        return Err(Failure::failed(format!("function {name} is not built: {} is not there", binary.display())).advice(
            "run scripts/waybill, which builds it, or `cargo build --profile quick -p intake -p api -p migrate`",
        ));
    }
    let what = || format!("packing function {name}");
    let digest = digest(&binary).or_failed(what())?;
    let short = ledger::hex(&digest[..8]);
    let path = kept.join(format!("{name}-{short}.zip"));
    if !path.is_file() {
        fs::create_dir_all(kept).or_failed(what())?;
        // What was packed of earlier builds is of no use any more.
        for entry in fs::read_dir(kept).or_failed(what())?.flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(&format!("{name}-"))
            {
                fs::remove_file(entry.path()).or_failed(what())?;
            }
        }
        let next = path.with_extension("next");
        let lean = path.with_extension("lean");
        let source = if strip(&binary, &lean) {
            &lean
        } else {
            &binary
        };
        write(source, &[], 1, &next).or_failed(what())?;
        fs::rename(&next, &path).or_failed(what())?;
        // It is not there where nothing could be stripped.
        let _ = fs::remove_file(&lean);
    }
    let zip = fs::read(&path).or_failed(what())?;
    Ok(Package {
        path,
        sha256: STANDARD.encode(Sha256::digest(&zip)),
        binary: digest,
    })
}

fn digest(path: &Path) -> std::io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            read => hasher.update(&buffer[..read]),
        }
    }
}

/// Leaves out what only a debugger needs: most of a local build, and more than Lambda would take. Where there is no
/// `strip` (it comes with every linker) the function is packed as it is.
fn strip(binary: &Path, lean: &Path) -> bool {
    let stripped = Command::new("strip")
        .arg("-S")
        .arg("-o")
        .arg(lean)
        .arg(binary)
        .stderr(Stdio::null())
        .status();
    stripped.is_ok_and(|status| status.success()) && lean.is_file()
}

/// Zips a binary as the file that Lambda runs, with other files beside it. Neither the time nor the machine is in it:
/// the same bytes give the same zip.
pub(crate) fn write(
    binary: &Path,
    beside: &[(&str, &[u8])],
    level: i64,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(File::create(path)?);
    zip.start_file(HANDLER, options.unix_permissions(0o755))?;
    std::io::copy(&mut File::open(binary)?, &mut zip)?;
    for (name, content) in beside {
        zip.start_file(*name, options.unix_permissions(0o644))?;
        zip.write_all(content)?;
    }
    zip.finish()?.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_binary_gives_the_same_zip_with_an_executable_bootstrap() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::write(dir.path().join("api"), b"\x7fELF and so on").expect("a binary");
        let one = package(Function::Api, dir.path(), &dir.path().join("one")).expect("a zip");
        let two = package(Function::Api, dir.path(), &dir.path().join("two")).expect("a zip");
        assert_eq!(one.sha256, two.sha256);
        let mut zip =
            zip::ZipArchive::new(File::open(&one.path).expect("it is there")).expect("a zip");
        let entry = zip.by_name("bootstrap").expect("the entry");
        assert_eq!(entry.unix_mode().map(|mode| mode & 0o777), Some(0o755));
    }

    #[test]
    fn a_function_that_is_not_built_says_what_to_do() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let failure =
            package(Function::Intake, dir.path(), dir.path()).expect_err("nothing is there");
        assert!(failure.to_string().contains("function intake is not built"));
        assert!(failure.hint().is_some());
    }
}
