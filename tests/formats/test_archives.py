"""Archives within limits: by what comes out, not by what their headers say."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from caspian_env.errors import BadGranule
from caspian_env.formats.archives import gunzip, zip_members

TABLE = b"year,level\n2024,-29.05\n"


def packed(**members: bytes) -> bytes:
    """A zip file; two underscores in a name stand for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def placed(folder: Path, content: bytes) -> Path:
    path = folder / "granule"
    path.write_bytes(content)
    return path


def test_wanted_members_come_in_order_and_the_rest_is_not_read(tmp_path: Path) -> None:
    content = packed(b__csv=TABLE, readme__txt=b"hello", folder=b"", a__csv=b"x")
    path = placed(tmp_path, content)
    assert list(zip_members(path, "made_up", wanted=lambda name: name.endswith(".csv"))) == [
        ("b.csv", TABLE),
        ("a.csv", b"x"),
    ]
    assert [name for name, _ in zip_members(path, "made_up")] == ["b.csv", "readme.txt", "folder", "a.csv"]


def test_an_old_zip_with_folders_and_a_comment_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.mkdir("data") if hasattr(archive, "mkdir") else None
        archive.writestr("data/x.csv", TABLE)
        archive.comment = b"made by hand"
    assert list(zip_members(placed(tmp_path, buffer.getvalue()), "made_up")) == [("data/x.csv", TABLE)]


def test_a_bomb_is_noticed_by_what_comes_out(tmp_path: Path) -> None:
    bomb = packed(x__csv=b"0" * 5_000_000)
    assert len(bomb) < 10_000
    with pytest.raises(BadGranule, match="more than the 1000000 bytes"):
        list(zip_members(placed(tmp_path, bomb), "made_up", max_bytes=1_000_000))


def test_the_limit_is_for_all_members_together(tmp_path: Path) -> None:
    path = placed(tmp_path, packed(a=b"0" * 600, b=b"0" * 600))
    found = zip_members(path, "made_up", max_bytes=1000)
    assert next(found)[0] == "a"
    with pytest.raises(BadGranule, match="more than"):
        next(found)


def test_a_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    honest = packed(x=b"0" * 5000)
    lying = honest.replace(struct.pack("<L", 5000), struct.pack("<L", 10))
    assert lying != honest
    with pytest.raises(BadGranule, match="'x' is damaged"):
        list(zip_members(placed(tmp_path, lying), "made_up"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..\\x", "C:/x", "a\nb"])
def test_names_that_lead_elsewhere_condemn_the_archive(tmp_path: Path, name: str) -> None:
    path = placed(tmp_path, packed(**{"good": b"1", name: b"2"}))
    with pytest.raises(BadGranule, match="leads out"):
        list(zip_members(path, "made_up", wanted=lambda name: name == "good"))


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x", b"1")
        archive.writestr("x", b"2")
    with pytest.raises(BadGranule, match="two members named 'x'"):
        list(zip_members(placed(tmp_path, buffer.getvalue()), "made_up"))


@pytest.mark.parametrize("inner", [packed(x=b"1"), gzip.compress(b"1"), b"BZh91AY", b"\0" * 257 + b"ustar\x0000"])
def test_an_archive_in_an_archive_is_refused(tmp_path: Path, inner: bytes) -> None:
    with pytest.raises(BadGranule, match="an archive itself"):
        list(zip_members(placed(tmp_path, packed(inner=inner)), "made_up"))


def test_encrypted_links_and_rare_methods_are_refused(tmp_path: Path) -> None:
    honest = bytearray(packed(x=TABLE))
    directory = honest.index(b"PK\x01\x02")
    honest[6] |= 1
    honest[directory + 8] |= 1
    with pytest.raises(BadGranule, match="encrypted"):
        list(zip_members(placed(tmp_path, bytes(honest)), "made_up"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("x")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadGranule, match="a link"):
        list(zip_members(placed(tmp_path, buffer.getvalue()), "made_up"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x", TABLE)
    with pytest.raises(BadGranule, match="method 14"):
        list(zip_members(placed(tmp_path, buffer.getvalue()), "made_up"))


def test_too_many_members_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    many = packed(**{f"{number}": b"" for number in range(30)})
    with pytest.raises(BadGranule, match="30 members, more than 20"):
        list(zip_members(placed(tmp_path, many), "made_up", max_members=20))
    # A directory that would take a machine's memory is not even read: 3000 members at most 64 bytes each is not much,
    # so the limit is set low; the file has no wrong word in it.
    huge = packed(**{f"{number:05}": b"" for number in range(3000)})
    with pytest.raises(BadGranule, match="directory is too large"):
        list(zip_members(placed(tmp_path, huge), "made_up", max_members=20))


def test_every_cut_and_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    whole = packed(x__csv=TABLE * 20)
    for end in range(0, len(whole), 7):
        with pytest.raises(BadGranule):
            list(zip_members(placed(tmp_path, whole[:end]), "made_up"))
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x41
        try:
            found = list(zip_members(placed(tmp_path, bytes(damaged)), "made_up"))
        except BadGranule:
            continue
        assert [content for _, content in found] in ([TABLE * 20], [])


@pytest.mark.parametrize(
    ("content", "problem"), [(b"", "empty"), (b"<html>", "an HTML page"), (TABLE, "text"), (b"\x1f\x8b\x08", "gzip")]
)
def test_what_is_no_zip_archive_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        list(zip_members(placed(tmp_path, content), "made_up"))


def test_gzip_data_come_whole_or_not_at_all(tmp_path: Path) -> None:
    whole = gzip.compress(TABLE) + gzip.compress(b"2025,-29.35\n")
    assert gunzip(placed(tmp_path, whole), "made_up") == TABLE + b"2025,-29.35\n"
    for wrong in (whole[:-1], whole[:20], whole + b"junk", whole[:30] + b"\0" + whole[31:]):
        with pytest.raises(BadGranule, match="gzip data are damaged"):
            gunzip(placed(tmp_path, wrong), "made_up")
    for wrong in (b"", TABLE, packed(x=TABLE)):
        with pytest.raises(BadGranule, match=r"in place of gzip data|empty"):
            gunzip(placed(tmp_path, wrong), "made_up")


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(gzip.compress(b"0" * 50_000_000))
    assert gunzip(placed(tmp_path, gzip.decompress(bomb)), "made_up", max_bytes=50_000_000)
    with pytest.raises(BadGranule, match="unpacks to more than the 49999999 bytes"):
        gunzip(placed(tmp_path, gzip.decompress(bomb)), "made_up", max_bytes=49_999_999)
