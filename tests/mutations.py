"""Damaged files: bytes flipped, cut, repeated, moved and replaced; in ZIP files also below it."""

import random

from samples import members, zipped

# What parsers trip over: sizes, ends, nesting, and characters that are none
_NASTY = (b"\x00", b"\xff" * 8, b"\x7f\xff\xff\xff", b"<" * 50, b"(" * 50, b"{" * 50, b'"', b"-1",
          b"99999999999", b"&#x110000;", b"\xe2\x80\xae", b"\xed\xa0\x80", b"]]>", b"%PDF", b"obj",
          b"R", b"\n")  # fmt: skip


def mutants(data, count, seed=0):
    """As many damaged copies of a file, the same for the same seed."""
    chance = random.Random(seed)
    zip_of = members(data) if data.startswith(b"PK") else None
    for _ in range(count):
        if zip_of and chance.random() < 0.7:
            name = chance.choice(sorted(zip_of))
            yield zipped(zip_of | {name: _mutant(zip_of[name], chance)})
        else:
            yield _mutant(data, chance)


def _mutant(data, chance):
    data = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((1, 4, 30, 300, 3000)))
        match chance.randrange(6):
            case 0 if start < len(data):
                data[start] ^= 1 << chance.randrange(8)
            case 1:
                del data[start:end]
            case 2:
                data[start:start] = data[start:end] * chance.choice((1, 2, 50))
            case 3:
                data[start:end] = chance.choice(_NASTY)
            case 4:
                data[start:end] = chance.randbytes(end - start)
            case 5:
                other = chance.randrange(len(data) + 1)
                data[start:end] = data[other : other + end - start]
    return bytes(data)
