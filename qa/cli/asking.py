"""Commands for who asks: chat, ask, search."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer

from index.errors import ModelError
from qa.cli.libraries import served_libraries
from qa.cli.options import IndexOption, JsonOption, ModelOption, ScopeOption, index_folder
from qa.cli.watching import watching
from qa.settings import read_settings

LogLevel = Literal["debug", "info", "warning", "error"]
ABSTAINED, RELATED = 3, 4


def chat(
    index: IndexOption = None,
    model: ModelOption = None,
    host: Annotated[
        str, typer.Option(metavar="HOST", help="Address to serve on; others need --auth.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 7860,
    auth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", show_default=False, help="Let in only these users; see `refdesk user`."
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Let everybody ask who reaches HOST; nothing is kept.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    log_level: Annotated[
        LogLevel, typer.Option(help="What to log to stderr: from info on each request.")
    ] = "warning",
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines of JSON.")] = False,
    log_questions: Annotated[
        bool, typer.Option("--log-questions", help="Log what is asked, too, from info on.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Rebuild when files of the library change.")
    ] = False,
    library: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER",
            show_default=False,
            help="Serve this library at /NAME/; may be given several times. Each has its own "
            "index and conversations.",
        ),
    ] = None,
) -> None:
    """Chat with the library in a browser, or with several.

    The index is built first if there is none. The page is served to this machine only, unless HOST
    is another address; then --auth FILE says who may log in.
    """
    from qa.web import launch

    libraries = served_libraries(library, index)
    with ExitStack() as stack:
        for one in libraries if watch else ():
            stack.enter_context(watching(one.folder, one.index))
        launch(
            libraries=libraries,
            model=model,
            host=host,
            port=port,
            open_browser=browser,
            auth=auth,
            public=public,
            log_level=log_level,
            log_json=log_json,
            log_questions=log_questions,
        )


def ask(
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What to answer from the sources.")
    ],
    as_json: JsonOption = False,
    source: ScopeOption = None,
    model: ModelOption = None,
    export: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write the answer with its citations to a file as well: .md, .bib, .csl.json, or "
            ".json for the evidence that `refdesk check` reads; may be given several times.",
        ),
    ] = None,
    index: IndexOption = None,
) -> None:
    """Answer a question, with checked citations.

    The exit status is 3 if the sources hold nothing on it; the nearest passages are shown then. It
    is 4 if they cover the topic but do not say that; what they do say is shown, headed so.
    """
    _load_reader_meanwhile()
    from qa.cli.shown import show_answer
    from qa.cli.terminal import show_json, stderr
    from qa.desk import open_desk
    from qa.export.answers import format_of, write_export
    from qa.pipeline import asked

    for file in export or ():  # a name that says no format is better known before the long part
        format_of(file)
    console = stderr()
    with console.status("Searching the sources") if console.is_terminal else nullcontext():
        desk = open_desk(read_settings(), index=index_folder(index), model=model)
        *_, (_, found) = asked(desk, question, (), source or None, name="refdesk ask")
    if as_json:
        show_json(found.to_dict())
    else:
        show_answer(found)
    for file in export or ():
        write_export(file, found, index=index_folder(index))
    if found.abstained and not found.small_talk:
        raise typer.Exit(RELATED if found.related else ABSTAINED)


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What to look for.")],
    as_json: JsonOption = False,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages.")] = 5,
    max_chars: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Fill a budget of N characters with the best sentences, instead of -k.",
        ),
    ] = None,
    source: ScopeOption = None,
    index: IndexOption = None,
) -> None:
    """Show the passages that are nearest to a query, best first."""
    from dataclasses import asdict

    from index.opened import open_index
    from index.search import search
    from qa.cli.shown import show_passage
    from qa.cli.terminal import show_json
    from qa.retrieve.evidence import passage, quotable_hits

    generation = open_index(index_folder(index)).generation
    hits = search(generation, query, k, max_chars, source or None)
    passages = [passage(generation, hit) for hit in quotable_hits(generation, hits)]
    if as_json:
        show_json([asdict(found) for found in passages])
    else:
        for number, found in enumerate(passages, start=1):
            show_passage(found, f"{number}.")


def _load_reader_meanwhile() -> None:
    """Load the model that reads while modules are imported; it mostly runs outside of Python."""
    from threading import Thread

    from qa.models.reader import load_reader

    def load() -> None:
        if reader := load_reader():
            with suppress(ModelError):  # it will be said when it is to read
                reader.load()

    if read_settings().reader:
        Thread(target=load).start()
