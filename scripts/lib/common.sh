# What the scripts share: where things are, how they speak, and how long things took. Sourced, never run.
# Works with bash 3.2 (macOS) and newer.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
local_dir=${WAYBILL_LOCAL_DIR:-$root/.local}
target_dir=${CARGO_TARGET_DIR:-$root/target}
case $target_dir in /*) ;; *) target_dir=$root/$target_dir ;; esac
built=$target_dir/quick
export WAYBILL_CHECKOUT=$root

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') red=$(printf '\033[31m') yellow=$(printf '\033[33m') plain=$(printf '\033[0m')
else
  bold='' red='' yellow='' plain=''
fi

say() { printf '%s\n' "${bold}== $*${plain}" >&2; }
note() { printf '%s\n' "   $*" >&2; }
skip() { printf '%s\n' "${yellow}SKIPPED: $*${plain}" >&2; }

# What happened, and what to do about it.
die() {
  printf '%s\n' "${red}error:${plain} $1" >&2
  [ $# -lt 2 ] || printf '%s\n' "  next: $2" >&2
  exit "${3:-1}"
}

# What environments/common.tfvars says.
common() { sed -n "s/^$1 *= *\"\(.*\)\"/\1/p" "$root/environments/common.tfvars"; }

need_cargo() {
  command -v cargo >/dev/null 2>&1 || die 'cargo is not on the PATH' 'install Rust 1.95 or newer: https://rustup.rs, or the package of your system' 3
  local version
  version=$(cd "$root" && cargo --version 2>/dev/null | cut -d' ' -f2) || true
  [ -n "$version" ] || die 'cargo does not run in this checkout' "run 'cargo --version' in $root and see why" 3
  case $version in
    1.[0-9].*|1.[0-8][0-9].*|1.9[0-4].*) die "cargo is version $version; 1.95 or newer is needed" 'update Rust' 3 ;;
  esac
}

# The programs of a local stack: the command line and the functions. The whole workspace, so that dependencies have the
# same features here and in the tests, and are built once.
build() {
  need_cargo
  # Holds no pipe of ours, so that nobody waits for it; and says nothing when the script is gone.
  (
    trap 'kill "$nap"; exit' TERM
    sleep 3 </dev/null >/dev/null 2>&1 &
    nap=$!
    wait "$nap"
    ! kill -0 $$ 2>/dev/null || note 'building; the first time takes some minutes'
  ) </dev/null >/dev/null &
  local notice=$! failed=
  (cd "$root" && cargo build --quiet --locked --profile quick --workspace --bins "$@") || failed=1
  kill "$notice" 2>/dev/null || true
  wait "$notice" 2>/dev/null || true
  [ -z "$failed" ] || die 'the build failed' 'see what cargo says above'
}
