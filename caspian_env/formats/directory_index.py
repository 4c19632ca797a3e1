"""Names in directories: index pages of Apache, nginx and Python's own server, folders of PxWeb, bucket listings of S3.

A name is given as it stands in an address: plain characters plain, and only what cannot stand there (``%``, ``?``,
``#``, blanks, controls, letters beyond ASCII) escaped. Appended to the directory's address it fetches the file,
and a mirror, whose file names are written the same way, gives the same names. Folders end with ``/``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

from caspian_env.errors import NoIndex, NotPublished, RefusedAnswer, Unreachable

MOST_PAGES = 1000
PLAIN = "!$&'()*+,;=:@"
INDEX_MARKS = ("index of", "directory listing for")
OBJECT_STORE = re.compile(r"\.s3([.-][a-z0-9-]+)?\.amazonaws\.com$")


def address_name(name: str) -> str:
    """A file's name as it stands in an address."""
    return quote(name, safe=PLAIN)


def index_names(page: str, address: str, *, literal: bool = False) -> list[str]:
    """Names that an index page shows directly below its own address, sorted.

    Parameters
    ----------
    page : str
        The HTML.
    address : str
        Where the page was found, after redirects.
    literal : bool
        True for a mirror, whose file names are already written as in addresses.

    Raises
    ------
    NoIndex
        When the page shows nothing and does not call itself an index: an outage page sent with status 200.
    """
    if page.lstrip().startswith("["):
        return folder_names(page, address)
    links = _Links()
    links.feed(page)
    links.close()
    here = urlsplit(address)
    folder = unquote(here.path.rpartition("/")[0])
    names = set()
    for link in links.found:
        try:
            target = urlsplit(urljoin(address, link))
        except ValueError:  # a malformed link is nobody's file
            continue
        parent, _, last = target.path.rstrip("/").rpartition("/")
        if target.query or target.netloc != here.netloc or unquote(parent) != folder or not last:
            continue
        name = unquote(last) if literal else address_name(unquote(last))
        names.add(name + "/" * target.path.endswith("/"))
    if not names and not any(mark in page.lower() for mark in INDEX_MARKS):
        raise NoIndex(address, "answered with a page that is not a directory index", "look at the address by hand")
    return sorted(names)


def folder_names(page: str, address: str) -> list[str]:
    """Names in a folder of a PxWeb interface (version 1), sorted: tables (type ``t``) and folders (type ``l``).

    Raises
    ------
    Unreachable
        When the answer is no such list.
    """
    try:
        return sorted(address_name(item["id"]) + "/" * (item["type"] == "l") for item in json.loads(page))
    except (ValueError, KeyError, TypeError) as error:
        problem = f"the list of a folder is not what PxWeb gives ({error!r:.60})"
        raise Unreachable(address, problem, "look at the address by hand") from error


def bucket_listing(address: str, fetch: Callable[[str], str]) -> list[str]:
    """Names directly below a directory address of an S3 bucket, sorted; ``fetch`` gives the page of an address.

    Raises
    ------
    NotPublished
        When no name begins like this: a bucket has no empty folders.
    RefusedAnswer
        When the listing does not end.
    """
    there = urlsplit(address)
    prefix, token, names = there.path.lstrip("/"), None, set[str]()
    for _ in range(MOST_PAGES):
        page = fetch(f"https://{there.netloc}/?{bucket_query(prefix, token)}")
        found, token = bucket_names(page, prefix, address)
        names.update(found)
        if token is None:
            break
    else:
        raise RefusedAnswer(address, f"lists more than {MOST_PAGES} pages", "ask for a narrower folder")
    if not names:
        raise NotPublished(address, "no name begins like this", "it may appear later, or have moved for good")
    return sorted(names)


def bucket_query(prefix: str, token: str | None = None) -> str:
    """Query that asks an S3 bucket for the names directly below a prefix."""
    query = f"list-type=2&delimiter=/&prefix={quote(unquote(prefix), safe='/')}"
    return f"{query}&continuation-token={quote(token, safe='')}" if token else query


def bucket_names(page: str, prefix: str, subject: str) -> tuple[list[str], str | None]:
    """Names of one page of an S3 listing, and the token of the next page (None after the last).

    Raises
    ------
    Unreachable
        When the page is no listing, or declares a document type (entities of an XML page are never expanded).
    """
    if re.search(r"<!\s*(doctype|entity)", page, re.IGNORECASE):
        raise Unreachable(subject, "the bucket listing declares a document type", "look at the address by hand")
    try:
        root = ElementTree.fromstring(page)
    except ElementTree.ParseError as error:
        raise Unreachable(subject, f"the bucket listing is not XML: {error}", "look at the address by hand") from error
    if _local(root.tag) != "ListBucketResult":
        raise Unreachable(subject, f"answered with {_local(root.tag)}, not a listing", "look at the address by hand")
    texts = [(_local(element.tag), element.text or "") for child in root for element in (child, *child)]
    prefix = unquote(prefix)
    keys = [text for tag, text in texts if tag == "Key" or (tag == "Prefix" and text != prefix)]
    names = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
    token = next((text for tag, text in texts if tag == "NextContinuationToken" and text), None)
    return [address_name(name.rstrip("/")) + "/" * name.endswith("/") for name in names if name], token


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Links(HTMLParser):
    """Collects the ``href`` of every anchor of a page (html.parser can only be used by inheriting from it)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of an anchor."""
        if tag == "a":
            self.found.extend(value for key, value in attrs if key == "href" and value)
