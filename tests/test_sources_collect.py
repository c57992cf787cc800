"""Adding what an item stands for: a folder, a page and its links, a map of a site, a feed."""

import gzip
import hashlib
import json
import sys

import pytest
from test_sources_fetch import ROUTES, server  # noqa: F401  a fixture

from qa.cli.app import run
from sources import SnapshotError, load_sources
from sources.collect import Left, add_collection, refresh
from sources.collect import visitor as visiting

HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "application/xml"}


def page(text, *links, head=""):
    anchors = "".join(f'<a href="{link}">on</a> ' for link in links)
    return f"<html><head>{head}</head><body><h1>{text}</h1><p>{text} is told here.</p>{anchors}"


@pytest.fixture
def site(server, monkeypatch):  # noqa: F811
    """Puts pages on the server, for a test; the address of its root."""
    server.asked.clear()

    def made(pages):
        for path, content in ({"/robots.txt": (404, {}, b"")} | pages).items():
            answer = (200, HTML, content.encode()) if isinstance(content, str) else content
            monkeypatch.setitem(ROUTES, path, answer)
        return f"http://127.0.0.1:{server.server_port}"

    made.asked = lambda: [path for path, _ in server.asked]
    return made


@pytest.fixture
def library(tmp_path):
    return tmp_path / "library"


def add(item, library, **options):
    """The ids that were added, and (item, reason) of what was not."""
    options = {"allow_private": True, "delay": 0} | options
    outcomes = list(add_collection(str(item), library, **options))
    left = [one for one in outcomes if isinstance(one, Left)]
    return [one.id for one in outcomes if not isinstance(one, Left)], left


def test_a_folder_is_added_file_by_file_with_its_metadata(tmp_path, library):
    folder = tmp_path / "papers"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("---\ntitle: Works\n---\nThe works began.")
    (folder / "deep" / "b.txt").write_text("The harbour is deep.")
    (folder / "deep" / "b.txt.yaml").write_text("author: Ann\n")
    (folder / "empty.txt").write_text("")
    (folder / "bad.md").write_text("---\npublished: never\n---\nText.")
    (folder / "photo.svg").write_bytes(b"x")
    (folder / ".hidden.md").write_text("Hidden.")
    ids, left = add(folder, library, metadata={"standing": "news"})
    assert ids == ["papers/a", "papers/deep/b"]
    a, b = load_sources(library)
    assert (a.title, a.standing, b.author, b.standing) == ("Works", "news", "Ann", "news")
    reasons = {one.item.rpartition("/")[2]: one.reason for one in left}
    assert sorted(reasons) == ["bad.md", "empty.txt", "photo.svg"]
    assert "'never' is no date" in reasons["bad.md"]
    assert "unsupported suffix" in reasons["photo.svg"]
    ids, left = add(folder, library, name="other")
    assert ids == ["other/a", "other/deep/b"]
    ids, left = add(folder, library)
    assert ids == [] and "a.md is there already" in left[0].reason


def test_a_folder_and_the_library_do_not_lie_in_one_another(tmp_path, library):
    library.mkdir()
    for folder in (tmp_path, library):
        with pytest.raises(SnapshotError, match="lie in one another"):
            add(folder, library)


BIBTEX = r"""
@article{storm2020,
  title = {The {Lock} at {L{\"e}ath}},
  author = {Storm, Piet and {Ministry of Works and Water}},
  date = {2020-05-04}, journaltitle = {Waterways}, langid = {english}, language = {en},
  url = {https://example.org/a_b?x=1\&y=2}, keywords = {rivers, locks},
  file = {Full Text:files/1/Storm\: the lock.txt:text/plain;Page:files/1/Page.html:text/html},
}
@book{bare, title = {Without a file}, year = 1911}
@misc{out, title = {Out}, file = {x:../secret.txt:text/plain}}
@misc{link, title = {Link}, file = {x:files/link.txt:text/plain}}
@misc{whole, file = {/etc/passwd}}
@misc{gone, month = may, year = 1950, file = {files/gone.txt}}
@misc{bare, title = {Twice}}
@broken{ x
"""


def test_the_files_of_an_export_of_zotero_are_added_with_their_records(
    tmp_path, library, monkeypatch
):
    export = tmp_path / "My Library"
    (export / "files" / "1").mkdir(parents=True)
    (export / "files" / "1" / "Storm: the lock.txt").write_text("It was built in 1911.")
    (export / "files" / "1" / "Page.html").write_text("<title>Other</title><p>It is long.")
    (tmp_path / "secret.txt").write_text("Secret.")
    (export / "files" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setitem(sys.modules, "sources.readers.bibtex", None)  # read apart, or not at all
    (export / "My Library.bib").write_text(BIBTEX, encoding="utf-8")
    added, left = add(export / "My Library.bib", library)
    assert added == ["My Library/storm-the-lock", "My Library/page"]
    assert {one.item.split(":")[0]: one.reason.split(": ")[0] for one in left[:-1]} == {
        "@misc{bare, title = {Twice}}": "is no record of BibTeX, or there twice",
        "@broken{ x": "is no record of BibTeX, or there twice",
        "out": f"../secret.txt lies outside of {export}",
        "link": f"files/link.txt lies outside of {export}",
        "whole": f"/etc/passwd lies outside of {export}",
        "gone": "files/gone.txt is not there",
    }
    assert left[-1].reason == "1 record has no file: bare"
    page, lock = load_sources(library)
    for source in (page, lock):
        assert source.title == "The Lock at Lëath"
        assert source.author == "Piet Storm, Ministry of Works and Water"
        assert (source.published, source.publisher) == ("2020-05-04", "Waterways")
        assert source.url == "https://example.org/a_b?x=1&y=2"
        assert (source.topics, source.language) == (("rivers", "locks"), "en")
        assert dict(source.extra).keys() >= {"record", "sha256"} and source.accessed
    assert lock.text == "It was built in 1911."
    again = add(export / "My Library.bib", library)[1]
    assert "is there already" in again[2].reason
    assert list(refresh(library)) == []  # the address of a record is not that of its file


def test_records_of_csl_are_added_and_other_json_is_a_document(tmp_path, library):
    (tmp_path / "lock.txt").write_text("It was built in 1911.")
    record = {
        "id": "storm", "type": "book", "title": "The <i>Lock</i>", "DOI": "10.1/a",
        "author": [{"family": "Storm", "given": "Piet"}, {"literal": "The Works"}, 7],
        "issued": {"date-parts": [[2020, 5]]}, "publisher": 7, "language": "no language",
        "file": "lock.txt",
    }  # fmt: skip
    (tmp_path / "refs.json").write_text(json.dumps([record, {"id": 2, "type": "book"}]))
    added, left = add(tmp_path / "refs.json", library, name="shelf")
    assert added == ["shelf/lock"] and left[0].reason == "1 record has no file: 2"
    (source,) = load_sources(library)
    assert (source.title, source.author) == ("The Lock", "Piet Storm, The Works")
    assert (source.published, source.publisher) == ("2020-05", None)
    assert (source.url, source.language) == ("https://doi.org/10.1/a", "en")
    (tmp_path / "data.json").write_text(json.dumps([{"id": 1, "type": "book", "name": "Locks"}]))
    assert add(tmp_path / "data.json", library)[0] == ["data"]


def test_a_page_and_what_it_links_to_below_a_path(site, library):
    root = site({
        "/docs/": page("Docs", "guide.html#top", "/docs/far/", "/blog/x", "mailto:a@b.example",
                       "/docs/logo.png", "https://elsewhere.example/docs/"),
        "/docs/guide.html": page("Guide", "./", "far/deep?page=2", "twin"),
        "/docs/far/": page("Far", "/docs/gone"),
        "/docs/far/deep": page("Deep", "deeper"),
        "/docs/far/deeper": page("Deeper"),
        "/docs/twin": page("Far", "/docs/gone"),
        "/docs/gone": (404, {}, b""),
        "/blog/x": page("Blog"),
    })  # fmt: skip
    ids, left = add(root + "/docs/", library, within="/docs/", depth=2, name="docs")
    assert ids == ["docs/index", "docs/guide", "docs/far", "docs/far/deep-page-2"]
    assert [(one.item.removeprefix(root), one.reason.partition(":")[0]) for one in left] == [
        ("/docs/twin", f"is the same as {root}/docs/far/".partition(":")[0]),
        ("/docs/gone", f"{root}/docs/gone answers 404".partition(":")[0]),
    ]
    asked = site.asked()
    assert asked[0] == "/robots.txt" and asked.count("/robots.txt") == 1
    assert not {"/blog/x", "/docs/logo.png", "/docs/far/deeper"} & set(asked)
    deep = next(one for one in load_sources(library) if one.id.endswith("page-2"))
    kept = (library / deep.path).read_bytes()
    assert deep.url == f"{root}/docs/far/deep?page=2"
    assert dict(deep.extra)["sha256"] == hashlib.sha256(kept).hexdigest()
    assert deep.accessed
    ids, left = add(root + "/docs/", library, within="/docs/", depth=1, name="docs")
    assert ids == [] and all(one.there for one in left)
    ids, _ = add(root + "/docs/", library, within="/docs/", depth=1, overwrite=True)
    assert ids == ["docs/index", "docs/guide", "docs/far"]


def test_a_site_is_left_at_the_limit_and_that_is_said(site, library):
    root = site({"/d/": page("Start", *"abc")} | {f"/d/{name}": page(name) for name in "abc"})
    ids, left = add(root + "/d/", library, within="/d/", pages=2)
    assert len(ids) == 2
    assert "the limit of 2 documents is reached, 2 known links left" in left[0].reason


def test_robots_txt_is_obeyed_also_behind_a_redirect(site, library):
    robots = b"User-agent: *\nDisallow: /d/secret\nUser-agent: other\nDisallow: /\n"
    root = site({
        "/robots.txt": (200, {"Content-Type": "text/plain"}, robots),
        "/d/": page("Start", "secret/a", "moved", "open"),
        "/d/moved": (302, {"Location": "/d/secret/b"}, b""),
        "/d/open": page("Open"),
        "/d/secret/a": page("A"),
        "/d/secret/b": page("B"),
    })  # fmt: skip
    ids, left = add(root + "/d/", library, within="/d/")
    assert len(ids) == 2
    assert ["forbidden to programs by the robots.txt" in one.reason for one in left] == [True, True]
    assert not any("secret" in path for path in site.asked())


def test_patterns_of_robots_txt_are_understood_and_the_longest_rule_holds(site, library):
    robots = b"User-agent: *\nDisallow: /d/*/draft\nDisallow: /*.csv$\nDisallow: /d/in\n" \
             b"Allow: /d/in/open\n"  # fmt: skip
    pages = ("a/draft", "b/final", "c.csv", "c.csvx", "in/shut", "in/open")
    root = site({
        "/robots.txt": (200, {"Content-Type": "text/plain"}, robots),
        "/d/": page("Start", *pages),
        **{f"/d/{name}": page(name) for name in pages},
    })  # fmt: skip
    _, left = add(root + "/d/", library, within="/d/")
    assert sorted(one.item.rpartition("/d/")[2] for one in left) == ["a/draft", "c.csv", "in/shut"]
    assert not {"/d/a/draft", "/d/c.csv", "/d/in/shut"} & set(site.asked())


def test_a_map_that_is_packed_is_read_within_a_limit(site, library, monkeypatch):
    root = site({})
    one = f'<?xml version="1.0"?><urlset><url><loc>{root}/a</loc></url></urlset>'
    maps = f'<?xml version="1.0"?><sitemapindex><sitemap><loc>{root}/one.xml.gz</loc></sitemap>\
<sitemap><loc>{root}/bomb.xml.gz</loc></sitemap></sitemapindex>'
    packed = {"Content-Type": "application/x-gzip"}
    bomb = gzip.compress(b"<?xml version='1.0'?><urlset>" + b" " * 100_000)
    site({
        "/one.xml.gz": (200, packed, gzip.compress(one.encode())), "/a": page("A"),
        "/maps.xml.gz": (200, packed, gzip.compress(maps.encode())),
        "/bomb.xml.gz": (200, packed, bomb), "/cut.xml.gz": (200, packed, bomb[:60]),
    })  # fmt: skip
    monkeypatch.setattr(visiting, "MAX_MAP_BYTES", 10_000)
    ids, left = add(root + "/maps.xml.gz", library, name="all")
    assert ids == ["all/a"]
    assert "unpacks to more than 10,000 bytes" in left[0].reason
    with pytest.raises(SnapshotError, match="ends too early"):
        add(root + "/cut.xml.gz", library)


def test_a_site_whose_robots_txt_cannot_be_told_is_left_alone(site, library):
    root = site({"/robots.txt": (503, {}, b""), "/d/": page("Start")})
    with pytest.raises(SnapshotError, match="what its site allows to programs cannot be told"):
        add(root + "/d/", library, within="/d/")
    assert site.asked() == ["/robots.txt"]


def test_a_site_is_given_time(site, library, monkeypatch):
    slept = []
    now = [100.0]
    monkeypatch.setattr(visiting.time, "monotonic", lambda: now[0])

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(visiting.time, "sleep", sleep)
    robots = b"User-agent: *\nCrawl-delay: 7\n"
    root = site({
        "/robots.txt": (200, {"Content-Type": "text/plain"}, robots),
        "/d/": page("Start", "a"), "/d/a": page("A"),
    })  # fmt: skip
    add(root + "/d/", library, within="/d/", delay=2)
    assert slept == [7.0, 7.0]


@pytest.mark.parametrize("way", ["link", "redirect"])
def test_a_link_to_another_site_is_not_followed(site, library, way):
    other = "http://127.0.0.2:1/d/x"  # nobody is there: to ask would be told
    pages = {"/d/": page("Start", other)}
    if way == "redirect":
        pages = {"/d/": page("Start", "x"), "/d/x": (302, {"Location": other}, b"")}
    ids, left = add(site(pages) + "/d/", library, within="/d/", allow_private=True)
    assert len(ids) == 1
    assert len(left) == (way == "redirect")


def test_private_addresses_are_refused_for_each_page(site, library, monkeypatch):
    root = site({"/d/": page("Start", "a"), "/d/a": page("A")})
    with pytest.raises(SnapshotError, match="private network"):
        add(root + "/d/", library, within="/d/", allow_private=False)
    assert site.asked() == []
    monkeypatch.setitem(
        ROUTES, "/feed", (200, XML, b"<rss><channel><item><link>http://127.0.0.1:1/x</link>"
                                    b"</item></channel></rss>"))  # fmt: skip
    monkeypatch.setattr("sources.fetch.is_public", lambda address: False)
    with pytest.raises(SnapshotError, match="private network"):
        add(root + "/feed", library, allow_private=False)


def test_links_that_are_no_addresses_cost_nothing_but_themselves(site, library):
    bad = "".join(f'<a href="http://{host}/x">x</a>' for host in ("a:99999", "a:b", "[::1", "a:-1"))
    root = site(
        {"/docs/": f"<p>The tide is high.</p>{bad}<a href='b'>b</a>", "/docs/b": "<p>B.</p>"}
    )
    assert len(add(f"{root}/docs/", library, within="/docs/")[0]) == 2


def test_pages_that_ask_not_to_be_followed_are_not(site, library):
    nofollow = '<meta name="robots" content="noarchive, nofollow">'
    root = site({"/d/": page("Start", "a", head=nofollow), "/d/a": page("A")})
    assert len(add(root + "/d/", library, within="/d/")[0]) == 1


@pytest.mark.parametrize("within", ["/other/", "https://elsewhere.example/d/"])
def test_a_page_that_is_not_below_the_path_is_refused(site, library, within):
    root = site({"/d/": page("Start")})
    with pytest.raises(SnapshotError, match=r"does not lie below|is no path of the site"):
        add(root + "/d/", library, within=within)


def test_a_map_of_a_site_lists_its_pages(site, library):
    root = site({})
    maps = (
        f'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\
<sitemap><loc>{root}/one.xml</loc></sitemap><sitemap><loc>{root}/lost.xml</loc></sitemap>\
</sitemapindex>'
    )
    one = (
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{root}/docs/a</loc>\
</url><url><loc> {root}/blog/b </loc></url><url><loc>http://elsewhere.example/</loc></url></urlset>'
    )
    site({
        "/sitemap.xml": (200, XML, maps.encode()), "/one.xml": (200, XML, one.encode()),
        "/lost.xml": (404, {}, b""), "/docs/a": page("A"), "/blog/b": page("B"),
    })  # fmt: skip
    ids, left = add(root + "/sitemap.xml", library, name="all")
    assert ids == ["all/docs/a", "all/blog/b"]
    assert [one.item for one in left] == [root + "/lost.xml"]
    ids, _ = add(root + "/sitemap.xml", library, name="docs", within="/docs", overwrite=True)
    assert ids == ["all/docs/a"]


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>Works &amp; days</title><link>{root}/n/1</link>
<pubDate>Mon, 03 May 2021 10:00:00 GMT</pubDate></item>
<item><title><![CDATA[No link]]></title><guid isPermaLink="false">x</guid></item>
<item><title>Two</title><guid>{root}/n/2</guid></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><title>Works &amp; days</title><link rel="edit" href="/x"/><link href="n/1"/>
<published>2021-05-03T10:00:00Z</published><updated>2022-01-01T00:00:00Z</updated></entry>
<entry><title>Two</title><link rel="alternate" href="{root}/n/2"/></entry></feed>"""


@pytest.mark.parametrize("feed", [RSS, ATOM], ids=["rss", "atom"])
@pytest.mark.parametrize("type_", ["application/rss+xml", "text/xml", "text/html"])
def test_a_feed_brings_its_entries_with_their_dates(site, library, feed, type_):
    root = site({"/n/1": "<p>They began in May.</p>", "/n/2": "<p>They ended in June.</p>"})
    site({"/feed": (200, {"Content-Type": type_}, feed.format(root=root).encode())})
    ids, left = add(root + "/feed", library, name="news")
    assert (ids, left) == (["news/n/1", "news/n/2"], [])
    one, two = load_sources(library)
    assert (one.title, one.published, one.url) == ("Works & days", "2021-05-03", root + "/n/1")
    assert (two.title, two.published) == ("Two", None)


def test_a_map_that_lists_nothing_of_its_site_is_no_success(site, library, capsys, monkeypatch):
    monkeypatch.setattr(visiting.time, "sleep", lambda seconds: None)
    index = "<sitemapindex><sitemap><loc>/map.xml</loc></sitemap></sitemapindex>"
    root = site({"/map.xml": (200, {"Content-Type": "text/xml"}, index.encode())})
    arguments = ["add", f"{root}/map.xml", "--library", str(library), "--allow-private"]
    assert run(arguments) == 1
    assert "lists no document" in capsys.readouterr().err


def test_a_feed_that_declares_entities_is_refused(site, library):
    laughs = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rss><channel><item>\
<link>&b;</link></item></channel></rss>'
    root = site({"/feed": (200, XML, ('<?xml version="1.0"?>' + laughs).encode())})
    with pytest.raises(SnapshotError, match="declares XML entities"):
        add(root + "/feed", library)
    site({"/odd": (200, XML, b'<?xml version="1.0"?><other/>')})
    with pytest.raises(SnapshotError, match="is application/xml, which is not read"):
        add(root + "/odd", library)


def test_the_command_adds_a_site_and_says_what_it_left(site, library, capsys, monkeypatch):
    monkeypatch.setattr("sources.collect.visitor.DELAY", 0)
    root = site({"/d/": page("Start", "gone"), "/d/gone": (404, {}, b"")})
    given = ["add", root + "/d/", "--within", "/d/", "--library", str(library), "--name", "d"]
    assert run([*given, "--allow-private", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [one["id"] for one in json.loads(out)] == ["d/index"]
    assert f"not added: {root}/d/gone answers 404" in err
    assert run([*given, "--allow-private"]) == 0
    assert "d/index.html already" in capsys.readouterr().err
    assert run([*given[:2], *given[4:], "--title", "T", "--allow-private"]) == 0
    assert run([*given, "--title", "T", "--allow-private"]) == 1
    assert "--title and --url are of one source" in capsys.readouterr().err
    assert run(["add", str(library.parent / "none"), "--within", "/d", "--library", "x"]) == 1
    assert "is no web address" in capsys.readouterr().err


def again(library, *ids, **options):
    found = refresh(library, ids, allow_private=True, delay=0, **options)
    return [(one.id, one.outcome, one.gone, one.new) for one in found]


def test_what_came_from_an_address_is_fetched_again_and_nothing_overwritten_unseen(site, library):
    root = site({"/a": page("A"), "/b": page("B"), "/c": page("C")})
    for name in "abc":
        add(f"{root}/{name}", library, metadata={"standing": "news"})
    (library / "own.md").write_text(f"---\nurl: {root}/a\n---\nOur own words.")
    nonce = "<script>var nonce = 2;</script>"
    site({"/a": page("A", head=nonce), "/b": page("Bee"), "/c": (410, {}, b"")})
    before = {file.name: file.read_bytes() for file in library.iterdir()}
    assert again(library) == [
        ("a", "unchanged", 0, 0), ("b", "changed", 2, 2), ("c", "failed", 0, 0),
    ]  # fmt: skip
    assert before == {file.name: file.read_bytes() for file in library.iterdir()}
    assert again(library, "a*") == [("a", "unchanged", 0, 0)]
    assert again(library, overwrite=True)[1] == ("b", "replaced", 2, 2)
    b = next(one for one in load_sources(library) if one.id == "b")
    assert "Bee is told" in b.text and b.standing == "news"
    assert again(library)[1][1] == "unchanged"


def test_what_was_edited_in_the_library_is_not_replaced(site, library):
    root = site({"/a": (200, {"Content-Type": "text/markdown"}, b"The first words.")})
    add(root + "/a", library)
    file = library / "a.md"
    file.write_text(file.read_text().replace("first", "first and best"))
    assert again(library)[0][1] == "unchanged"
    site({"/a": (200, {"Content-Type": "text/markdown"}, b"The second words.")})
    (one,) = refresh(library, allow_private=True, delay=0, overwrite=True)
    assert (one.outcome, one.reason.partition(":")[0]) == (
        "failed", "was edited in the library since",
    )  # fmt: skip
    assert "first and best" in file.read_text()


def test_the_command_tells_what_changed(site, library, capsys):
    root = site({"/a": page("A")})
    assert run(["add", root + "/a", "--library", str(library), "--allow-private"]) == 0
    site({"/a": page("Aye")})
    capsys.readouterr()
    given = ["add", "--refresh", "--library", str(library), "--allow-private"]
    assert run([*given, "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["new_lines"] == ["Aye", "Aye is told here."]
    assert run(given) == 0
    out, err = capsys.readouterr()
    assert "changed" in out and "nothing was overwritten" in err
    assert run(["add", "--library", str(library)]) == 1
    assert "name what to add" in capsys.readouterr().err
