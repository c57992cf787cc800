"""What the first screen says of a library, and of what its last rebuild changed."""

from __future__ import annotations

from index import open_index, rebuild
from qa.web.chat.shelf import news_of, shelf_of


def test_what_is_new_is_said_first(own_library, own_index):
    assert "Since the rebuild" not in shelf_of(open_index(own_index))
    (own_library / "kelp.md").write_text(
        "---\ntitle: Kelp & <b>tides</b>\ntopics: [sea, '<i>x</i>']\n---\n# Kelp\n\nKelp grows.\n"
    )
    (own_library / "quiet.txt").write_text("On the Isle of Morn nobody trims a lamp.\n")
    (own_library / "twins" / "second.txt").unlink()
    rebuild(own_library, index=own_index)
    index = open_index(own_index)
    news = news_of(own_index, index.generation.name)
    assert (news.added, news.changed, news.removed) == ({"kelp"}, {"quiet"}, 1)
    shown = shelf_of(index)
    assert "1 new, 1 changed" in shown and "1 removed" in " ".join(shown.split())
    assert shown.index("Kelp &amp; &lt;b&gt;tides") < shown.index("The harbour of Oldport")
    assert "/?topic=sea" in shown and "<i>" not in shown
    assert "Ferries · Trade" in shown


def test_where_the_generation_before_cannot_be_read_nothing_is_said(own_library, own_index):
    (own_library / "kelp.md").write_text("# Kelp\n\nKelp grows.\n")
    rebuild(own_library, index=own_index)
    first = sorted((own_index / "generations").iterdir())[0]
    (first / "manifest.json").write_text("{}")
    assert news_of(own_index, open_index(own_index).generation.name) is None
