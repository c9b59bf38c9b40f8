"""Files to compare the lanes by: values at the edges of every rule, and bytes that a reader must refuse or place exactly."""

from __future__ import annotations

import json
import random

COLUMNS = {
    "code": ["AB1", "A", "ab1", "", " AB1", "AB1 ", "\u00c4B", "AB\0", "AB12345678901234567890"],
    "note": ["", "x", "12345678", "123456789", "  spaced  ", "éééééééé", "ééééééééé", "\t", "a\u00a0b", "\0", "\u2028"],
    "board": ["none", "half", "full", "", "Half", "half ", "x"],
    "stars": ["1", "5", "0", "6", "007", "+1", "1.0", "1e3", "-1", "--1", "2147483648", "-2147483649", "9" * 40, "-", " 3", "٣"],
    "visits": ["1", "12", "13", "-9223372036854775808", "-9223372036854775809", "9223372036854775808", "x", "0" * 30 + "7"],
    "night": ["0.01", "0", "-0", "99999.50", "99999.51", "1.234", "1.", ".5", "1e2", "123456789", "100000000", "00012.5", "-1"],
    "share": ["0.5", "0.49", "1e6", "1000000.1", "1e400", "1e-400", "0e5", "inf", "nan", "1.e5", "1e", "-1", "1_0", "1e+2"],
    "open": ["true", "t", "1", "false", "f", "0", "yes", "TRUE", " t"],
    "since": ["2021-01-31", "2021-02-30", "1899-12-31", "0000-01-01", "2021-1-1", "21-01-01", "2021-13-01", "2021-01-31T", "9999-12-31"],
    "until": ["31.01.2021", "1.1.2021", "31.02.2021", " 31.01.2021 ", "31.13.2021", "00.01.2021", "31.01.0000", "31-01-2021", "31.01.21"],
    "named": ["31 Jan 2021", "31 jan 2021", "1 Jan 2021", "30 Feb 2021", "31 January 2021", "31 Xyz 2021"],
    "short": ["01/31/21", "1/31/21", "02/30/21", "12/01/68", "12/01/69", "12/01/99"],
    "seen": [
        "2021-01-31T10:00:00Z", "2021-01-31t10:00:00.5z", "2021-01-31T10:00:00", "2021-01-31 10:00:00Z", "2021-01-31T24:00:00Z",
        "2021-01-31T10:00:60Z", "2021-02-31T10:00:00Z", "2021-01-31T10:00:00.1234567Z", "2021-01-31T10:00:00.Z",
        "2021-01-31T10:00:00+24:00", "2021-01-31T10:00:00+02:00", "2029-12-31T23:59:59.999999-00:01", "0001-01-01T00:00:00+01:00",
        "2021-01-31T1x:00:00Z", "2021-01-31T10:00:00+0200", "2021-01-31T10:00:00.123456Z",
    ],
    "id": ["67e55044-10b1-426f-9247-bb680e5fe0c8", "67E55044-10B1-426F-9247-BB680E5FE0C8", "67e5504410b1426f9247bb680e5fe0c8", "x"],
    "extra": [
        "{}", "[]", '{"a": 1}', "1", '"x"', "null", "{", '{"a":}', '["\\u0000"]', '["\\ud800"]', '["\\ud83d\\ude00"]', "[1e200000]",
        "[" * 64 + "]" * 64, "[" * 65 + "]" * 65, "[1,]", "[01]", "[1.]", "[.5]", "[-]", "[1e]", "[1e5]", "[tru]", '["\t"]', " [] ", "[]x",
    ],
}  # fmt: skip

LINES = [
    b"{}", b"", b"   ", b"[]", b"1", b"null", b'{"code"', b'{"code":', b'{"code":1', b'{"code":"AB1"', b'{"code":"AB1",}',
    b'{"code":"AB1"}x', b'{code:1}', b'{"code" "AB1"}', b'{"code":"AB1" "x":1}', b'{"code":tru}', b'{"code":t', b'{"code":nul}',
    b'{"code":01}', b'{"code":1.}', b'{"code":-}', b'{"code":1e}', b'{"code":.5}', b'{"code":"a\tb"}', b'{"code":"\\x"}',
    b'{"code":"\\u12"}', b'{"code":"\\u12zz"}', b'{"code":"\\ud800"}', b'{"code":"\\ud800\\u0041"}', b'{"code":"\\udc00"}',
    b'{"code":"\\ud800x"}', b'{"code":"\\ud83d\\ude00"}', b'{"c\\u006fde":"AB1"}', b'{"\\ud800":1}', b'{"code":"AB1","code":"AB2"}',
    b'{"code":"AB1","kode":"AB2"}', b'{"code":"AB1","other":1}', b'{"code":"AB1","extra":{"a":[1,2,{"b":null}]}}',
    b'{"code":"AB1","extra":[1,2}', b'{"code":"AB1","extra":{"a":1]', b'{"code":"AB1","extra":[', b'{"code":"AB1","extra":{',
    b'{"code":"AB1","extra":[,]}', b'{"code":"AB1","extra":[1,]}', b'{"code":"AB1","extra":{"a":1,}}', b'{"code":"AB1","extra":{,}}',
    b'{"code":"AB1","extra":{"a"}}', b'{"code":"AB1","extra":{1:2}}', b'{"code":"AB1","extra":{"a":1 "b":2}}', b'{"code":"AB1","extra":{"a":',
    b'{"code":"AB1","stars":"3"}', b'{"code":"AB1","stars":true}', b'{"code":"AB1","stars":[3]}', b'{"code":"AB1","night":1.50}',
    b'{"code":"AB1","night":"1.50"}', b'{"code":5}', b'{"code":null}', b'{"code":""}', b'{"code":"AB1","extra":"x"}',
    b'{"code":"AB1","note":"  x "}', b'{"code":"AB1","open":"true"}', b'{"code":"AB1","open":false}', b'{"code":"AB1","seen":1}',
    b'{"code":"A\xff1"}', b'{"code":"AB1","note":"\xc3"}', b'\xff{"code":1}', b' \t{"code" : "AB1" , "stars" : 3 } \t',
    b'\x0c{"code":"AB1"}', b'{"code":"AB1"}\x0c', b'{"code":"\\u0000"}', b'{"code":"AB1","extra":{"a":"\\u0000"}}',
    b'{"code":"AB1","since":"2021-02-30"}', b'{"code":"AB1","extra":' + b"[" * 70 + b"]" * 70 + b"}", b'{"code":"AB1","note":"\\',
    b'{"code":"AB1","extra":{"a":"b\\', b'{,}', b'{"code":"AB1",,}', b'{"a":1', b'{"code":"AB1","x":-0.5e-3}', b'{"code":"\x7f"}',
]  # fmt: skip


def _quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b'"', b'""') + b'"'


def csv_of_values(quoted: bool) -> bytes:
    """A row for each value of each column, all others as they should be."""
    names = list(COLUMNS)
    rows = [",".join(names).encode()]
    for name, values in COLUMNS.items():
        for value in [text.encode() for text in values] + [b"\xff\xfe", b"a\xc3"]:
            row = [b"AB1" if other == "code" else b"" for other in names]
            row[names.index(name)] = value
            special = any(byte in value for byte in b'",\r\n')
            rows.append(b",".join(_quoted(field) if quoted or (special and field) else field for field in row))
    return b"\n".join(rows) + b"\n"


def jsonl_of_values() -> bytes:
    """The same as strings in JSON, and every odd line."""
    lines = [
        json.dumps({"code": "AB1", name: value}, ensure_ascii=False).encode()
        for name, values in COLUMNS.items()
        for value in values
    ]
    return b"\n".join(lines + LINES) + b"\r\n" + LINES[5]


def hostile_csv(seed: int) -> bytes:
    """Bytes that quotes, commas and line ends fall over."""
    chance = random.Random(seed)
    pieces = [b'"', b'"', b",", b"\n", b"\r\n", b"\r", b"x", b"AB1", b'""', b"\xc3\xa9", b",,", b'","', b"\0", b" "]
    weights = chance.choice([[6, 3, 8, 6, 2, 0, 9, 9, 1, 1, 0, 1, 0, 1], [1, 1, 9, 9, 2, 1, 9, 9, 1, 1, 1, 1, 1, 1]])
    body = b"".join(chance.choices(pieces, weights, k=chance.randrange(1, 120)))
    return b"code,note,other\n" + body


def hostile_lines(seed: int) -> bytes:
    """Lines of JSON with a byte or two changed."""
    chance = random.Random(seed)
    lines = []
    for _ in range(chance.randrange(1, 12)):
        line = bytearray(chance.choice(LINES))
        for _ in range(chance.randrange(0, 3)):
            if line:
                at = chance.randrange(len(line))
                line[at : at + chance.randrange(0, 2)] = chance.choice([b'"', b"{", b"}", b",", b":", b"\\", b"1", b"\xff", b" ", b"u"])
        lines.append(bytes(line))
    return b"\n".join(lines)
