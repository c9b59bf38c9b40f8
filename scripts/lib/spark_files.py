"""The files that both lanes are given: good ones and bad ones, in the order in which they are delivered."""

import gzip
import json

PRICES = b"orig_code,dest_code,day,price\n"
ROUTE = b"PTLEI,UYMVD"


def _rows(first: int, count: int) -> bytes:
    """Prices that no other call has made."""
    return b"".join(b"%s,2022-01-%02d,%d\n" % (ROUTE, number % 28 + 1, number) for number in range(first, first + count))


def _many_bad() -> bytes:
    """More wrong than a report lists."""
    bad = b"".join(b"%s,2022-01-01,%s\n" % (ROUTE, b"x" if number % 2 else b"0") for number in range(10_500))
    return PRICES + bad + b"NOBOD,YYYYY,2022-02-30,-1\n"


def _lines() -> bytes:
    good = {"orig_code": "PTLEI", "dest_code": "UYMVD", "day": "2022-05-01", "price": 7001}
    odd = [
        {**good, "price": "7"}, {**good, "day": None}, {**good, "colour": "red"}, {**good, "orig_code": "NOPE1"},
        {**good, "price": 1.5}, {**good, "dest_code": ["UYMVD"]}, [1], "x",
    ]  # fmt: skip
    lines = [json.dumps(good), *map(json.dumps, odd), "", '{"price":1', '{"price":1}x', json.dumps(good).replace("PTLEI", "\\ud800")]
    return "\n".join(lines).encode() + b'\n{"orig_code":"\xff"}\n'


def _good_lines() -> bytes:
    rows = [
        {"price": 8000 + number, "day": "2022-06-%02d" % (number + 1), "dest_code": "UYMVD", "orig_code": "PTLEI"}
        for number in range(20)
    ]
    return "\r\n".join(json.dumps(row) for row in rows).encode()


def files(examples: "dict[str, bytes]") -> "list[tuple[str, str, bytes]]":
    """Dataset, name and content of each."""
    cut = gzip.compress(PRICES + _rows(60_000, 2_000), mtime=0)
    return [
        ("regions", "01-regions.csv", examples["regions"]),
        ("ports", "02-ports.csv", examples["ports"]),
        ("prices", "03-good.csv", examples["prices"]),
        ("prices", "04-crlf-mark.csv", b"\xef\xbb\xbf" + (PRICES + _rows(1_000, 40)).replace(b"\n", b"\r\n")),
        ("prices", "05-quoted.csv", b'"price","day","dest_code","orig_code"\n"51","2022-03-01","UYMVD","PTLEI"\n52,"2022-03-02",UYMVD,PTLEI'),
        ("prices", "06-bad-values.csv", PRICES + ROUTE + b",2022-02-30,0\n" + ROUTE + b",,x\n,UYMVD,2022-01-01,1\n" + ROUTE + b", 2022-01-01,1e3\n" + _rows(1, 3)),
        ("prices", "07-references.csv", PRICES + _rows(2_000, 30) + b"XXAAA,UYMVD,2022-01-01,5\nPTLEI,XXBBB,2022-01-01,x\nXXAAA,XXBBB,2022-01-01,5\n"),
        ("prices", "08-short-long.csv", PRICES + ROUTE + b",2022-01-01\n" + ROUTE + b",2022-01-01,5,6\n\n" + _rows(5, 3) + b"x\n"),
        ("prices", "09-quotes.csv", PRICES + ROUTE + b',"2022-01-01"x,5\n' + ROUTE + b',2022"01,5\n"PTLEI","UY\nMVD",2022-01-01,"5"\n' + _rows(9, 5)),
        ("prices", "10-unclosed.csv", PRICES + _rows(20, 12) + ROUTE + b',"2022-01-01,5\n' + _rows(40, 30)),
        ("prices", "11-nul-latin.csv", PRICES + b"PT\0EI,UYMVD,2022-01-01,5\nPT\xe9EI,UYMVD,2022-01-01,5\n" + ROUTE + b",2022-01-01\xa0,5\n"),
        ("prices", "12-empty.csv", b""),
        ("prices", "13-header-only.csv", PRICES),
        ("prices", "14-unknown-column.csv", b"orig_code,dest_code,day,price,colour\n" + ROUTE + b",2022-01-01,5,red\n"),
        ("prices", "15-semicolons.csv", PRICES.replace(b",", b";")),
        ("prices", "16-utf16.csv", (PRICES + _rows(1, 2)).decode().encode("utf-16")),
        ("prices", "17-good.csv.gz", gzip.compress(PRICES + _rows(3_000, 200), mtime=0)),
        ("prices", "18-cut.csv.gz", cut[: len(cut) * 2 // 3]),
        ("prices", "19-many-bad.csv.gz", gzip.compress(_many_bad(), mtime=0)),
        ("prices", "20-good.jsonl", _good_lines()),
        ("prices", "21-bad.jsonl", _lines()),
        ("prices", "22-lone-return.csv", PRICES + _rows(70, 8) + ROUTE + b"\r,2022-01-01,5\n" + ROUTE + b",2022-01-01,5\r"),
        ("ports", "23-bad-ports.csv", b"code,name,parent_slug\nPTLEI,Leixoes,nowhere\nptlei,x,baltic\nAAAAA,,baltic\nAAAAB," + b"n" * 201 + b",nowhere\nAAAAC,a,baltic\nAAAAC,b,nowhere\nAAAAC,,baltic\n,c,baltic\n"),
        ("regions", "24-own-references.csv", b"slug,name,parent_slug\nouter_test,Outer,inner_test\ninner_test,Inner,missing_test\nouter_test,Outer,\n" + b"outer_test,Again,missing_test\n" * 4),
        ("regions", "25-good-upsert.csv", b"parent_slug,name,slug\ntest_top,Leaf,test_leaf\n,Top,test_top\n"),
        ("ports", "26-upsert-again.csv", b"code,name,parent_slug\nZZTST,New,test_leaf\nPTLEI,Renamed,test_leaf\n"),
    ]  # fmt: skip
