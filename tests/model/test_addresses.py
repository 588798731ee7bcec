"""Paths and addresses of the site, and addresses from outside."""

from __future__ import annotations

from datetime import date

import pytest

from liveblog.model import addresses, limits, period

PATHS = (
    "assets/style.0123456789.css",
    "media/2012/07/15/7k3m9qx2tb-0123456789.png",
    "tags/damas/index.html",
    "2012/07/15/7k3m9qx2tb/index.html",
    "2012/07/15/index.html",
    "sitemap.xml",
    "index.html",
)
"""A path of each step of a publication, in order."""


def test_the_paths_of_a_site() -> None:
    """Years have four digits, folders end in a slash."""
    day = date(2012, 7, 5)
    assert addresses.day_path(day) == "2012/07/05/"
    assert addresses.month_path(day) == "2012/07/"
    week = period.parse_period_id("2012-W29")
    assert addresses.week_path(week) == addresses.period_path(week) == "2012/W29/"
    several = period.span(day, date(2012, 7, 9))
    assert addresses.period_path(several) == "2012/07/05/"
    assert addresses.entry_path("20120715-7k3m9qx2tb") == "2012/07/15/7k3m9qx2tb/"


def test_addresses_are_percent_encoded_and_paths_are_not() -> None:
    """So that a path is the name of a file."""
    path = addresses.tag_path("été & fils")
    assert path == "tags/été & fils/"
    assert addresses.url("../", path) == "../tags/%C3%A9t%C3%A9%20%26%20fils/"


@pytest.mark.parametrize(
    ("path", "root"), [("index.html", "./"), ("2012/index.html", "../"), ("a/b/c", "../../")]
)
def test_the_root_is_reached_from_any_depth(path: str, root: str) -> None:
    """By a relative path."""
    assert addresses.path_to_root(path) == root


def test_files_are_published_before_what_links_to_them() -> None:
    """And each of them is known as generated."""
    orders = [addresses.publication_order(path) for path in PATHS]
    assert orders == sorted(set(orders))
    assert all(map(addresses.is_generated, PATHS))


@pytest.mark.parametrize(
    "path",
    [
        "CNAME", "robots.txt", ".git/index.html", "2012/07/15/notes.txt", "assets/own.css",
        "media/own.png", "2012/07/15/7k3m9qx2tb/index.html/x", "../index.html", "tags/index.html",
        "index.html\n",
    ],
)  # fmt: skip
def test_files_of_others_are_not_taken_for_generated(path: str) -> None:
    """Liveblog deletes only what it generates."""
    assert not addresses.is_generated(path)


def test_the_entry_of_a_page_is_found_by_its_path() -> None:
    """And no other path is taken for one."""
    assert addresses.entry_id_at("2012/07/15/7k3m9qx2tb/index.html") == "20120715-7k3m9qx2tb"
    assert addresses.entry_id_at("2012/07/15/index.html") == ""


def test_feed_ids_are_below_the_blogs_id() -> None:
    """Each feed, entry and digest has its own."""
    blog = "tag:example.org,2012-07-15:s"
    assert addresses.feed_urn(blog, "") == blog
    found = {
        addresses.feed_urn(blog, "daily"),
        addresses.entry_urn(blog, "20120715-7k3m9qx2tb"),
        addresses.digest_urn(blog, period.parse_period_id("2012-07-15")),
    }
    assert len(found) == 3
    assert all(urn.startswith(f"{blog}/") for urn in found)


@pytest.mark.parametrize("address", ["http://[::1", "http://a/" + "b" * limits.ADDRESS])
def test_an_invalid_or_endless_address_is_refused(address: str) -> None:
    """Whether it is split or joined; its host is empty."""
    with pytest.raises(ValueError, match=r"."):
        addresses.split(address)
    with pytest.raises(ValueError, match=r"."):
        addresses.join("http://a/", address)
    assert addresses.host(address) == ""


def test_an_address_from_outside_is_resolved() -> None:
    """Relative to the page that contains it."""
    assert addresses.join("https://a.org/b/c", "../d?e") == "https://a.org/d?e"
    assert addresses.host("https://a.org:1/b") == "a.org"
