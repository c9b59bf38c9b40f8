"""Compares what this lane and the other lanes' reader find in the same files: `compare.py FINDINGS_PROGRAM [CASES]`."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import samples
from tests.in_python import findings
from waybill_spark.contract import read

HERE = Path(__file__).resolve().parent


def main(program: str, cases: int) -> int:
    """How many files differ."""
    contract_file = HERE / "everything.toml"
    contract = read(contract_file.read_text())
    with tempfile.TemporaryDirectory() as folder:
        files = list(write(Path(folder), cases))
        said = subprocess.run([program, contract_file, *files], check=True, stdout=subprocess.PIPE).stdout
        answers, answer = {}, []
        for line in said.splitlines():
            entry = json.loads(line)
            if isinstance(entry, dict):
                answers[entry["end"]], answer = answer, []
            else:
                answer.append(entry)
        differ = entries = 0
        for number, file in enumerate(files):
            theirs = answers[str(file)]
            entries += len(theirs)
            ours = json.loads(json.dumps(findings(contract, file, 5 + number % 60 if file.stat().st_size < 4000 else 999)))
            if ours != theirs:
                differ += 1
                if differ <= 12:
                    show(file, ours, theirs)
    print(f"{len(files)} files, {entries} values and findings compared, {differ} files differ", file=sys.stderr)
    return differ


def write(folder: Path, cases: int) -> "list[Path]":
    """Every sample as a file."""
    bodies = {
        "plain.csv": samples.csv_of_values(False),
        "quoted.csv": samples.csv_of_values(True),
        "crlf.csv": samples.csv_of_values(False).replace(b"\n", b"\r\n"),
        "values.jsonl": samples.jsonl_of_values(),
        "long.csv": b"code,note\nAB1," + b"x" * (1 << 20) + b"\nAB1,y\nAB1,\"" + b"z\n" * (1 << 19) + b'"\nAB2,\n',
        "long.jsonl": b'{"code":"' + b"x" * (1 << 20) + b'"}\n{"code":"AB1"}\n',
        "unclosed.csv": b'code,note\nAB1,"' + b"z\n" * (1 << 19),
        "mark.csv": b"\xef\xbb\xbfcode\nAB1\n",
        "only-mark.csv": b"\xef\xbb\xbf",
        "empty.csv": b"",
        "blank.csv": b"\ncode\n",
        "utf16.csv": "code\nAB1\n".encode("utf-16"),
        "utf16-bare.csv": "code\nAB1\n".encode("utf-16-le"),
        "utf32.csv": "code\nAB1\n".encode("utf-32"),
        "zip.csv": b"PK\x03\x04xxxxxxx",
        "gz.csv": gzip.compress(b"code\nAB1\n"),
        "semicolon.csv": b"code;note\nAB1;x\n",
        "tabs.csv": b"code\tnote\nAB1\tx\n",
        "twice.csv": b"code,kode,note,note,\"x\"\"y\"\n",
        "missing.csv": b"note\nx\n",
        "nul.csv": b"code,no\0te\nx\n",
        "bad-header.csv": b"code,no\"te\nx\n",
        "latin-header.csv": b"code,n\xe9\nAB1,x\n",
        "no-end.csv": b"code,note",
        "cr.csv": b"code,note\rAB1,x\r",
        "good.csv.gz": gzip.compress(b"code\nAB1\nAB2\n"),
        "cut.csv.gz": gzip.compress(b"code,note\n" + b"AB1,x\n" * 5000 + b"AB1,")[:-20],
        "members.csv.gz": gzip.compress(b"code\nAB1") + gzip.compress(b"2\nx\n"),
        "garbage.csv.gz": gzip.compress(b"code\nAB1\n") + b"junk",
        "checksum.csv.gz": gzip.compress(b"code\nAB1\n")[:-8] + b"\0" * 8,
        "not.csv.gz": b"code\nAB1\n",
        "one.csv.gz": b"\x1f",
        "header.csv.gz": b"\x1f\x8b\x07" + b"\0" * 20,
        "empty.csv.gz": b"",
        "bomb.csv.gz": gzip.compress(b"code\n" + b"A" * (30 << 20)),
        "damaged.csv.gz": _damaged(gzip.compress(b"code,note\n" + b"AB1,x7q\n" * 900)),
    }
    bodies.update(_zstd())
    bodies.update({f"{seed}.csv": samples.hostile_csv(seed) for seed in range(cases)})
    bodies.update({f"{seed}.jsonl": samples.hostile_lines(seed) for seed in range(cases)})
    files = []
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
        files.append(folder / name)
    return files


def _damaged(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]


def _zstd() -> "dict[str, bytes]":
    import zstandard

    whole = zstandard.compress(b"code\nAB1\nAB2,\n" * 50)
    return {
        "good.csv.zst": whole,
        "cut.csv.zst": whole[:-3],
        "garbage.csv.zst": whole + b"junk",
        "not.csv.zst": b"code\n",
        "two.csv.zst": zstandard.compress(b"code\nAB") + b"\x50\x2a\x4d\x18\x02\0\0\0zz" + zstandard.compress(b"1\n"),
    }


def show(file: Path, ours: "list[object]", theirs: "list[object]") -> None:
    """The first difference."""
    print(f"== {file.name}: {len(ours)} against {len(theirs)}", file=sys.stderr)
    for mine, their in zip(ours + [None], theirs + [None]):
        if mine != their:
            print(f"   here:  {str(mine)[:600]}\n   there: {str(their)[:600]}", file=sys.stderr)
            print(f"   file:  {file.read_bytes()[:200]!r}", file=sys.stderr)
            break


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300) else 0)
