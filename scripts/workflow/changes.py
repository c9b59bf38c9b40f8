"""What a change touches, and so which checks it needs. A path that no line here knows needs all of them: a check that
runs too often costs minutes, one that does not run costs a bad day."""

import re

RUST, TERRAFORM, WORKFLOWS = "rust", "terraform", "workflows"
ALL = frozenset({RUST, TERRAFORM, WORKFLOWS})

# The first that fits decides.
TOUCHED = [
    # Read by tests beside those of their own part.
    (r"docs/(contracts|canary|scaling)\.md|docs/examples/.*", {RUST}),
    (r"iac/modules/release/definition\.asl\.json", {RUST, TERRAFORM}),
    (r"docs/(environments\.md|runbooks/.*)", {TERRAFORM}),
    (r"docs/workflows\.md", {WORKFLOWS}),
    (r"docs/.*|LICENSE|README\.md", set()),
    # Names, sizes and variables of the programs are compared with Terraform's.
    (r"crates/platform/.*", {RUST, TERRAFORM}),
    (r"(crates|functions|datasets|migrations|examples|fuzz)/.*", {RUST}),
    (r"(Cargo|clippy|deny|rust-toolchain|rustfmt)\.(toml|lock)", {RUST}),
    (r"iac/.*\.md", {TERRAFORM}),
    (r"(iac|environments)/.*", {TERRAFORM}),
    (r"\.github/.*|scripts/workflow/.*|scripts/lib/(workflows.*|actionlint/.*)", {WORKFLOWS}),
    (r"scripts/(image|lib/(image-test|images\.py|oci\.py|registry\.py|crane/.*))", {RUST, WORKFLOWS}),
    # What the workflows run and dry-run.
    (r"scripts/environment", {TERRAFORM, WORKFLOWS}),
]


def touched(paths: list[str]) -> set[str]:
    """The checks that these paths need."""
    needed: set[str] = set()
    for path in paths:
        for pattern, parts in TOUCHED:
            if re.fullmatch(pattern, path, re.DOTALL):
                needed |= parts
                break
        else:
            return set(ALL)
    return needed
