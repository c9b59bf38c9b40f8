"""What the images are made of: a program that was built for Lambda and runs as a container as well, the libraries that it is
linked to, the authorities that it trusts. No shell, nothing else to run, no user but one without rights."""

import re
import struct
import subprocess
from pathlib import Path

from oci import Entry, Image, image

# Image to program. Both run the same code as the functions.
PROGRAMS = {"task": "waybill-task", "api": "api"}
# Anybody but root; the number that images without a user of their own have agreed on.
USER = 65532
# As in a function's zip, so that both are told the same.
DATABASE_AUTHORITIES = "var/task/rds.pem"
# The public ones, for AWS itself.
AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
SCRATCH = "/scratch"

# e_machine of ELF's header, to how OCI calls it.
ARCHITECTURES = {62: "amd64", 183: "arm64"}


class Unbuildable(Exception):
    """A program that no image can be made of here."""


def make(name: str, program: Path, release: str, database: Path, public: Path) -> Image:
    """One of `PROGRAMS`, of a release."""
    binary = program.read_bytes()
    file = PROGRAMS[name]
    entries = {path.lstrip("/"): Entry(Path(path).read_bytes(), 0o755) for path in libraries(program)}
    entries |= {
        file: Entry(binary, 0o755),
        "etc/passwd": Entry(f"root:x:0:0::/:/none\nwaybill:x:{USER}:{USER}::/:/none\n".encode(), 0o644),
        "etc/group": Entry(f"root:x:0:\nwaybill:x:{USER}:\n".encode(), 0o644),
        DATABASE_AUTHORITIES: Entry(certificates(database), 0o644),
        AUTHORITIES: Entry(certificates(public), 0o644),
        # A volume takes owner and rights of the folder that it is mounted over.
        SCRATCH.strip("/"): Entry(None, 0o700, USER),
        "tmp": Entry(None, 0o1777),
    }
    config = {
        "User": f"{USER}:{USER}",
        "Entrypoint": [f"/{file}"],
        "WorkingDir": "/",
        "Env": [f"SSL_CERT_FILE=/{AUTHORITIES}", f"WAYBILL_RELEASE={release}"],
        "Volumes": {SCRATCH: {}},
        "StopSignal": "SIGTERM",
        "Labels": {
            "org.opencontainers.image.title": f"waybill {name}",
            "org.opencontainers.image.revision": release,
            "org.opencontainers.image.licenses": "Apache-2.0",
        },
    }
    return image(architecture(binary, program), entries, config)


def architecture(binary: bytes, program: Path) -> str:
    """What a program is built for."""
    if binary[:4] != b"\x7fELF":
        raise Unbuildable(f"{program} is no program for Linux")
    (machine,) = struct.unpack_from("<H", binary, 18)
    if machine not in ARCHITECTURES:
        raise Unbuildable(f"{program} is built for a machine that nobody has named (e_machine {machine})")
    return ARCHITECTURES[machine]


def libraries(program: Path) -> list[str]:
    """Where the loader finds what the program is linked to, and the loader itself."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True)
    if "statically linked" in done.stdout + done.stderr:
        return []
    if done.returncode or "not found" in done.stdout:
        raise Unbuildable(f"what {program} is linked to is not all here: build the image on the machine that built it\n{done.stdout}{done.stderr}")
    # `libc.so.6 => /lib/…/libc.so.6 (0x…)` or the bare path; the kernel's own has none.
    return sorted(set(re.findall(r"(?:^|\s)(/\S+) \(0x", done.stdout)))


def certificates(file: Path) -> bytes:
    """A PEM file that holds at least one."""
    content = file.read_bytes()
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise Unbuildable(f"{file} holds no certificate")
    return content
