//! `release build`: each built function becomes a zip with the release's name and the database's authorities in it.
//! The same binaries give the same bytes, whenever and wherever they are packed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use platform::names::{CERTIFICATES, Function, RELEASE_FILE};

use super::manifest::{MANIFEST, Manifest, SPARK, Zip, zip_name};
use crate::failure::{Failure, OrFail as _, Outcome};
use crate::package;

/// The best that the format can do: a zip is packed once and fetched at every cold start.
const LEVEL: i64 = 9;

/// Packs every function found in `built` into `out`, with the manifest.
pub(crate) fn build(
    release: &str,
    built: &Path,
    authorities: &Path,
    out: &Path,
) -> Outcome<Manifest> {
    let pem = fs::read_to_string(authorities).or_misuse(format!(
        "reading the authorities in {}",
        authorities.display()
    ))?;
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(
            Failure::misuse(format!("{} holds no certificate", authorities.display()))
                .advice("docs/database-tls.md says where the file comes from"),
        );
    }
    let certificates = Path::new(CERTIFICATES)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or(CERTIFICATES);
    fs::create_dir_all(out).or_failed(format!("making {}", out.display()))?;
    let mut functions = BTreeMap::new();
    for function in Function::ALL {
        let name = function.as_str();
        let binary = binary(built, name)?;
        let zip = out.join(zip_name(function));
        let beside = [
            (RELEASE_FILE, release.as_bytes()),
            (certificates, pem.as_bytes()),
        ];
        package::write(&binary, &beside, LEVEL, &zip)
            .or_failed(format!("packing function {name}"))?;
        let bytes = fs::read(&zip).or_failed(format!("reading {}", zip.display()))?;
        functions.insert(name.to_owned(), Zip::of(&bytes));
    }
    let manifest = Manifest {
        release: release.to_owned(),
        functions,
        spark: spark(out)?,
    };
    fs::write(out.join(MANIFEST), manifest.text()?).or_failed("writing the manifest")?;
    Ok(manifest)
}

/// The files of the Spark lane's job, which `scripts/lib/spark-package` puts beside the zips.
fn spark(out: &Path) -> Outcome<BTreeMap<String, Zip>> {
    let folder = out.join(SPARK);
    if !folder.is_dir() {
        return Ok(BTreeMap::new());
    }
    let reading = || format!("reading {}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&folder).or_failed(reading())? {
        let path = entry.or_failed(reading())?.path();
        let bytes = fs::read(&path).or_failed(format!("reading {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.insert(name.into_owned(), Zip::of(&bytes));
    }
    Ok(files)
}

/// A function's binary: as cargo leaves it, or in a folder of its own as cargo-lambda does.
fn binary(built: &Path, name: &str) -> Outcome<std::path::PathBuf> {
    let places = [built.join(name), built.join(name).join("bootstrap")];
    places
        .into_iter()
        .find(|place| place.is_file())
        .ok_or_else(|| {
            Failure::misuse(format!(
                "function {name} is not built: it is not in {}",
                built.display()
            ))
            .advice("scripts/release builds and packs all of them")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_functions_give_the_same_release_to_the_byte() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        for (place, function) in Function::ALL.into_iter().enumerate() {
            // Half of them as cargo-lambda leaves them.
            let name = function.as_str();
            if place % 2 == 0 {
                fs::write(at(name), name).expect("a binary");
            } else {
                fs::create_dir(at(name)).expect("a folder");
                fs::write(at(name).join("bootstrap"), name).expect("a binary");
            }
        }
        fs::write(at("rds.pem"), "-----BEGIN CERTIFICATE-----\n").expect("authorities");
        let pack = |out: &str| build("c0ffee", dir.path(), &at("rds.pem"), &at(out));
        let (one, two) = (pack("one").expect("packed"), pack("two").expect("packed"));
        assert_eq!(one, two);
        for function in Function::ALL {
            let zip = zip_name(function);
            assert_eq!(
                fs::read(at("one").join(&zip)).expect("a zip"),
                fs::read(at("two").join(&zip)).expect("a zip")
            );
        }
        let file = fs::File::open(at("one").join("api.zip")).expect("a zip");
        let mut zip = zip::ZipArchive::new(file).expect("a zip");
        let names: Vec<String> = (0..zip.len())
            .map(|place| {
                zip.by_index(place)
                    .expect("an entry")
                    .name()
                    .expect("a name")
                    .into_owned()
            })
            .collect();
        assert_eq!(names, ["bootstrap", "release", "rds.pem"]);
        let release = std::io::read_to_string(zip.by_name("release").expect("there"));
        assert_eq!(release.expect("text"), "c0ffee");
        assert_eq!(Manifest::read(&at("one")).expect("it reads"), one);
        // A release without the Spark lane is named by the bytes that it always had.
        assert!(!one.text().expect("text").contains(SPARK));
    }

    #[test]
    fn the_spark_lanes_job_is_part_of_the_release() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        for function in Function::ALL {
            fs::write(at(function.as_str()), "binary").expect("a binary");
        }
        fs::write(at("rds.pem"), "-----BEGIN CERTIFICATE-----\n").expect("authorities");
        fs::create_dir_all(at("out").join(SPARK)).expect("a folder");
        fs::write(at("out").join(SPARK).join("job.py"), "a job").expect("a job");
        let built = build("c0ffee", dir.path(), &at("rds.pem"), &at("out")).expect("packed");
        assert_eq!(built.spark["job.py"], Zip::of(b"a job"));
        assert_eq!(Manifest::read(&at("out")).expect("it reads"), built);
    }

    #[test]
    fn a_function_that_is_not_built_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let pem = dir.path().join("rds.pem");
        fs::write(&pem, "-----BEGIN CERTIFICATE-----\n").expect("authorities");
        let failure = build("c0ffee", dir.path(), &pem, &dir.path().join("out"))
            .expect_err("nothing is built");
        assert!(failure.to_string().contains("function intake is not built"));
    }
}
