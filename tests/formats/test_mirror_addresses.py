"""Addresses and the names of their files in a mirror."""

from __future__ import annotations

import pytest

from caspian_env.errors import RefusedAnswer
from caspian_env.formats.http_requests import hide, spellings
from caspian_env.formats.mirror_addresses import join_address, mirror_name, mirror_url, public_address

MAPPED = [
    ("https://gml.noaa.gov/webdata/co2.csv", "gml.noaa.gov/webdata/co2.csv"),
    ("http://GML.noaa.gov:8080/webdata/Co2.csv#top", "gml.noaa.gov/webdata/Co2.csv"),
    ("https://user:word@a.org/x", "a.org/x"),
    ("https://a.org/t/GLB.Ts+dSST.csv", "a.org/t/GLB.Ts+dSST.csv"),
    ("https://a.org/Time%20Series%20(1)%2C.xlsx", "a.org/Time%20Series%20(1)%2C.xlsx"),
    ("https://a.org/c/AZE;IRN/P?format=json&per_page=1000", "a.org/c/AZE;IRN/P%3Fformat=json&per_page=1000"),
    ("https://a.org/x?path=a/b&q=c?d%2Fe&r=%20", "a.org/x%3Fpath=a%2Fb&q=c?d%2Fe&r=%20"),
    ("https://a.org?b=2&a=1", "a.org/%3Fb=2&a=1"),
    ("https://a.org/x?", "a.org/x"),
    ("https://a.org/dir/", "a.org/dir/"),
]


@pytest.mark.parametrize(("url", "name"), MAPPED)
def test_an_address_maps_to_its_file(url: str, name: str) -> None:
    assert mirror_name(url) == name


def test_a_post_maps_like_a_get_with_sorted_parameters() -> None:
    form = {"format": "json", "dahiti_id": "39"}
    assert mirror_name("https://a.org/level/", form) == "a.org/level/%3Fdahiti_id=39&format=json"
    assert public_address("https://a.org/level/", form) == "https://a.org/level/?dahiti_id=39&format=json"


@pytest.mark.parametrize("url", ["ftp://a.org/x", "file:///etc/passwd", "a.org/x", "https:///x", "https://[::1/x", ""])
def test_only_http_addresses_have_a_place(url: str) -> None:
    with pytest.raises(RefusedAnswer, match="not an http"):
        mirror_name(url)


@pytest.mark.parametrize("url", ["https://a.org/x/../y", "https://../y", "https://a.org/.", "https://a.org/x?q=/../"])
def test_a_climbing_address_is_refused(url: str) -> None:
    if "?" in url:  # a slash in the query is no separator of folders
        assert mirror_name(url) == "a.org/x%3Fq=%2F..%2F"
        return
    with pytest.raises(RefusedAnswer, match="climbs"):
        mirror_name(url)


def test_over_http_the_escapes_of_a_file_name_are_escaped() -> None:
    assert mirror_url("http://m/base/", "a.org/x%20(1)%3Fq=a?b#c") == "http://m/base/a.org/x%2520(1)%253Fq=a%3Fb%23c"


@pytest.mark.parametrize(
    ("base", "path", "address"),
    [
        ("https://a.org/data/", "/x/y.nc", "https://a.org/data/x/y.nc"),
        ("https://a.org", "x", "https://a.org/x"),
        ("https://a.org", "https://b.org/y", "https://b.org/y"),
        ("seed:", "levels.csv", "seed:levels.csv"),
        ("https://a.org", "seed:levels.csv", "seed:levels.csv"),
    ],
)
def test_joining(base: str, path: str, address: str) -> None:
    assert join_address(base, path) == address


def test_a_public_address_has_no_password_and_no_fragment() -> None:
    assert public_address("https://me:p@ss@a.org:8443/x?mail=a@b#c") == "https://a.org:8443/x?mail=a@b"


def test_a_secret_is_hidden_in_every_spelling() -> None:
    hidden = spellings(["a b/c", ""])
    assert hide("k=a b/c k=a+b%2Fc k=a%20b%2Fc", hidden) == "k=*** k=*** k=***"
