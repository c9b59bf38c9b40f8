"""Ranges of a file put together again: whatever the bytes and wherever the borders, the same records at the same places."""

import random
import unittest

from waybill_spark.positions import QUOTED, START, Begin, Position, Walk, compose, scan, step, ways
from waybill_spark.records import Reader


def hostile(chance: random.Random) -> bytes:
    return bytes(chance.choices(b'""",,\nx', k=chance.randrange(0, 80)))


def ends(content: bytes, state: int = START):
    """Where each record's line feed is, by the definition alone, and the state after it all."""
    found = []
    for at, byte in enumerate(content):
        if byte == 0x0A and state != QUOTED:
            found.append(at)
        state = step(state, byte)
    return found, state


class Positions(unittest.TestCase):
    def test_a_scan_says_what_the_definition_says(self):
        chance = random.Random(1)
        for _ in range(20_000):
            piece = hostile(chance)
            for state in range(4):
                found = scan(piece, state)
                expected, after = ends(piece, state)
                last = expected[-1] + 1 if expected else -1
                self.assertEqual((found.records, found.last_end), (len(expected), last), (piece, state))
                # At the end of nothing, and after a bare field's byte, there is one state only.
                self.assertEqual(found.state, after, (piece, state))

    def test_a_walk_ends_where_the_definition_says(self):
        chance = random.Random(2)
        for _ in range(5_000):
            content, size = hostile(chance), chance.randrange(1, 9)
            walk, found = Walk(), []
            for start in range(0, len(content), size):
                piece, at = content[start : start + size], 0
                while True:
                    end = walk.seek_end(piece[at:])
                    if end < 0:
                        break
                    found.append(start + at + end)
                    at += end + 1
            self.assertEqual(found, ends(content)[0], content)

    def test_every_record_is_read_by_exactly_one_range_and_knows_its_place(self):
        chance = random.Random(3)
        for _ in range(5_000):
            content = hostile(chance)
            size = chance.randrange(1, 30)
            spans = [(at, min(at + size, len(content))) for at in range(0, len(content), size)]
            scanned = [(end - at, ways(iter([content[at:end]]), False)) for at, end in spans]
            records = []
            for begin, (_, end) in zip(compose(Begin(START, True, Position(1, 2, 0)), scanned), spans):
                reader = Reader(lambda a, b: content[a:b], len(content), False)
                for block in reader.blocks(begin, end):
                    records += self._records(block)
            self.assertEqual(records, self._expected(content), content)

    def _records(self, block):
        at, found, start = block.at, [], 0
        for number, end in enumerate([end + 1 for end in ends(block.bytes)[0]] + [len(block.bytes)]):
            if start < end:
                line = at.line + block.bytes.count(b"\n", 0, start)
                found.append((at.record + number, line, at.byte + start, block.bytes[start:end]))
            start = end
        self.assertEqual(len(found), block.records)
        return found

    def _expected(self, content: bytes):
        found, start = [], 0
        for number, end in enumerate([end + 1 for end in ends(content)[0]] + [len(content)]):
            if start < end:
                found.append((1 + number, 2 + content.count(b"\n", 0, start), start, content[start:end]))
            start = end
        return found


if __name__ == "__main__":
    unittest.main()
