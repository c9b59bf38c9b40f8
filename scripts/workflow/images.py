"""The images of a release: what its file `images.json` says of them, here and in the artifact bucket, and their
repositories. Repository and tag are fixed: <prefix>/<image>, and the release."""

import json
import os
import subprocess
from pathlib import Path

from environments import CHECKOUT, AwsFailed, aws, common

# Beside release.json, in a release's folder.
FILE = "images.json"


def digests(text: str) -> dict[str, str]:
    """Image to digest."""
    try:
        found = {image: one["digest"] for image, one in json.loads(text).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SystemExit(f"{FILE} does not say which images there are: {error!r}") from error
    for image, digest in found.items():
        if not digest.startswith("sha256:"):
            raise SystemExit(f"{FILE}: {digest} of {image} is no digest")
    return found


def published(release: str) -> dict[str, str]:
    """What was uploaded with a release; nothing where it was built without images."""
    place = f"s3://{common('prefix')}-artifacts/releases/{release}/{FILE}"
    done = subprocess.run(["aws", "s3", "cp", place, "-"], capture_output=True, text=True)
    if done.returncode and "404" in done.stderr:
        return {}
    if done.returncode:
        raise AwsFailed(f"s3 cp {place}", done.stderr.strip())
    return digests(done.stdout)


def repository(image: str) -> str:
    """Its address: the account's registry, in the region of environments/common.tfvars."""
    account = aws("sts", "get-caller-identity")["Account"]
    return f"{account}.dkr.ecr.{common('region')}.amazonaws.com/{common('prefix')}/{image}"


def push(folder: Path, release: str) -> None:
    """Brings the images of a packed release into the registry, each compared with what the release says of it; then
    says so beside the release."""
    file = folder / FILE
    if not file.exists():
        print("this release has no images")
        return
    password = subprocess.run(["aws", "ecr", "get-login-password", "--region", common("region")], check=True, capture_output=True, text=True).stdout.strip()
    for image, digest in digests(file.read_text()).items():
        command = [CHECKOUT / "scripts/image", "push", folder / f"{image}.tar", repository(image), release, "--digest", digest]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"REGISTRY_PASSWORD": password})
        if done.returncode:
            raise SystemExit(done.stderr.strip())
        print(done.stdout.strip())
    aws("s3api", "put-object", "--bucket", f"{common('prefix')}-artifacts", "--key", f"releases/{release}/{FILE}", "--body", str(file), "--checksum-algorithm", "SHA256")
