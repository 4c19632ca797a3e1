"""Real bytes, spoiled: every mutant follows from the name of its sample and a number, so that it can be made again."""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile

# What people and machines write where a number or a date should stand; each has fooled a reader somewhere.
TOKENS = (
    b"-0", b"-0.0", b"inf", b"-Infinity", b"NaN", b"1e400", b"-1e308", b"1e-400", b"0x10", b"1_000", b"1,5", b"++1", b"",
    b"9" * 30, b"9" * 5000, b"2147483648", b"-2147483649", b"99999-01-01", b"2020-02-30", b"0000-00-00", b"-0001-01-01",
    b"2999-12-31", b"2020-01-01T25:00", b"1e9", b"=cmd|' /C calc'!A0", b"@SUM(1)", b"<script>alert(1)</script>",
    b"'; DROP TABLE observation; --", b"../../etc/passwd", b"\x00", b"\xff\xfe", b"\xe2\x88\x921", b"\xd9\xa3",
    b"\xd0\x90zerbaijan", b'"', b'"""', b"[" * 3000, b"{" * 3000, b"null", b"true", b"\r", b"\n\n", b"\xef\xbb\xbf",
)  # fmt: skip
NUMBER = re.compile(rb"-?\d+(?:[.\-:]\d+)*")


def mutant(sample: bytes, name: str, number: int) -> bytes:
    """The mutant of a sample with that number; what is packed is spoiled inside half of the time, and packed again."""
    dice = random.Random(f"{name}:{number}")
    if dice.random() < 0.5:
        if sample[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(sample)):
            return _inside_zip(sample, dice)
        if sample[:2] == b"\x1f\x8b":
            return gzip.compress(_spoiled(gzip.decompress(sample), dice), 1, mtime=0)
    return _spoiled(sample, dice)


def _inside_zip(sample: bytes, dice: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sample)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = dice.choice(names)
        for name in names:
            content = old.read(name)
            if name != chosen:
                new.writestr(name, content)
            elif dice.random() < 0.9:
                renamed = (
                    dice.choice(["../" + name, "/" + name, name + "\u202e", "con"]) if dice.random() < 0.1 else name
                )
                new.writestr(renamed, _spoiled(content, dice))
    return packed.getvalue()


def _spoiled(content: bytes, dice: random.Random) -> bytes:
    spoiled = bytearray(content)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        _spoil(spoiled, dice)
    return bytes(spoiled)


def _spoil(content: bytearray, dice: random.Random) -> None:
    """One change in place: of a bit, a byte, a stretch or a number."""
    if not content:
        content += dice.randbytes(dice.randrange(1, 64))
        return
    at = _place(content, dice)
    length = min(len(content) - at, dice.choice((1, 2, 4, 8, 64, 1024)))
    match dice.randrange(9):
        case 0:
            content[at] ^= 1 << dice.randrange(8)
        case 1:
            content[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x2C, 0x22))
        case 2:
            del content[at : at + length]
        case 3:
            content[at:at] = content[at : at + length] * dice.choice((1, 2, 50))
        case 4:
            content[at : at + length] = dice.randbytes(length)
        case 5:
            del content[at:]
        case 6:
            content[at : at + length] = bytes(length)
        case _:
            _replace_number(content, at, dice)


def _place(content: bytearray, dice: random.Random) -> int:
    """Heads hold what a file claims of itself: half of the changes are there."""
    return dice.randrange(min(len(content), 2048) if dice.random() < 0.5 else len(content))


def _replace_number(content: bytearray, at: int, dice: random.Random) -> None:
    found = NUMBER.search(bytes(content[at : at + 4096]))
    token = dice.choice(TOKENS)
    if found:
        content[at + found.start() : at + found.end()] = token
    else:
        content[at:at] = token
