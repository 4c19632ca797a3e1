"""Index pages as Apache, nginx and Python write them, and bucket listings as S3 writes them."""

from __future__ import annotations

import pytest

from caspian_env.errors import NotPublished, RefusedAnswer, Unreachable
from caspian_env.formats.directory_index import bucket_listing, bucket_names, bucket_query, index_names

HERE = "https://www.example.org/data/sst/"
APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /data/sst</title></head><body><h1>Index of /data/sst</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/data/">Parent Directory</a></td></tr>
<tr><td><a href="202001/">202001/</a></td><td align="right">2020-03-01 10:00</td></tr>
<tr><td><a href="sst.20200101.nc">sst.20200101.nc</a></td><td align="right">1.6M</td></tr>
<tr><td><a href="sst.20200102_preliminary.nc">sst.20200102_pre..&gt;</a></td></tr>
</table></body></html>"""
NGINX = """<html><head><title>Index of /data/sst/</title></head><body><h1>Index of /data/sst/</h1><hr><pre>
<a href="../">../</a>
<a href="a%20b%2B(1).csv">a b+(1).csv</a>      01-Jan-2020 00:00   12
<a href="AZE;IRN/">AZE;IRN/</a>      01-Jan-2020 00:00   -
</pre><hr></body></html>"""


def test_apache_shows_only_children() -> None:
    assert index_names(APACHE, HERE) == ["202001/", "sst.20200101.nc", "sst.20200102_preliminary.nc"]


def test_nginx_names_stand_as_in_addresses() -> None:
    assert index_names(NGINX, HERE) == ["AZE;IRN/", "a%20b+(1).csv"]


def test_names_of_a_mirror_are_taken_as_they_are() -> None:
    page = '<h1>Directory listing for /</h1><a href="x%253Fq%3D1%26r%3D2">x</a><a href="a%2520b">a</a>'
    assert index_names(page, "http://127.0.0.1:8000/a.org/", literal=True) == ["a%20b", "x%3Fq=1&r=2"]


def test_absolute_links_count_and_links_elsewhere_do_not() -> None:
    page = """<a href="/data/sst/x.nc">x</a> <a href="https://www.example.org/data/sst/y.nc">y</a>
    <a href="https://other.org/data/sst/z.nc">z</a> <a href="deep/er/w.nc">w</a> <a href="mailto:a@b.org">m</a>
    <a href="javascript:void(0)">j</a> <a href="#top">t</a> <a href="http://[bad/x">b</a> <a name="q">q</a>"""
    assert index_names(page, HERE) == ["x.nc", "y.nc"]


def test_an_empty_index_is_empty_and_an_outage_page_is_a_failure() -> None:
    assert index_names("<title>Index of /data/sst</title><a href='../'>../</a>", HERE) == []
    with pytest.raises(Unreachable, match="not a directory index"):
        index_names("<html><h1>We will be back soon</h1><a href='/'>home</a></html>", HERE)


def s3(*parts: str, token: str = "") -> str:
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>d/</Prefix>{more}
<MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter>{"".join(parts)}</ListBucketResult>"""


def key(name: str) -> str:
    return f"<Contents><Key>{name}</Key><ETag>&quot;0a&quot;</ETag><Size>1</Size></Contents>"


def common(name: str) -> str:
    return f"<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"


def test_a_bucket_page_gives_names_and_folders_below_the_prefix() -> None:
    page = s3(key("d/"), key("d/a.nc"), key("d/b &amp; c.nc"), common("d/2020/"))
    assert bucket_names(page, "d/", HERE) == (["a.nc", "b%20&%20c.nc", "2020/"], None)


def test_a_bucket_is_asked_page_after_page() -> None:
    asked: list[str] = []

    def fetch(address: str) -> str:
        asked.append(address)
        return s3(key("d/b.nc"), token="t/1+=") if len(asked) == 1 else s3(key("d/a.nc"))

    assert bucket_listing("https://b.s3.amazonaws.com/d/", fetch) == ["a.nc", "b.nc"]
    first = "https://b.s3.amazonaws.com/?list-type=2&delimiter=/&prefix=d/"
    assert asked == [first, first + "&continuation-token=t%2F1%2B%3D"]


def test_a_bucket_without_such_names_is_not_published_and_an_endless_one_refused() -> None:
    with pytest.raises(NotPublished):
        bucket_listing("https://b.s3.amazonaws.com/d/", lambda _: s3())
    with pytest.raises(RefusedAnswer, match="pages"):
        bucket_listing("https://b.s3.amazonaws.com/d/", lambda _: s3(key("d/a"), token="again"))


def test_the_prefix_is_escaped_once() -> None:
    assert bucket_query("a%20b/") == bucket_query("a b/") == "list-type=2&delimiter=/&prefix=a%20b/"


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ListBucketResult>&e;</ListBucketResult>',
            "document type",
        ),
        ("<!doctype html><html></html>", "document type"),
        ("<ListBucketResult><Contents>", "not XML"),
        ("<Error><Code>SlowDown</Code></Error>", "answered with Error"),
    ],
)
def test_what_is_no_listing_is_a_failure(page: str, problem: str) -> None:
    with pytest.raises(Unreachable, match=problem):
        bucket_names(page, "d/", HERE)
