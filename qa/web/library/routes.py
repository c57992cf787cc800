"""Plain REST for curators: adding and removing sources, and rebuilding the index."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field

from index.errors import IndexBusyError, IndexingError
from index.opened import Index
from qa.errors import RefdeskError
from qa.web.api.schemas import Asked
from qa.web.library.audit import Audit
from qa.web.library.curate import TRASH, Curator
from qa.web.library.rebuilding import rebuilt
from qa.web.library.wording import in_words_of_the_page
from qa.web.shared.access import KEY_SCOPE, LOCAL, SCOPE_KEY, Access, may_curate
from sources import SourceError
from sources.load import MAX_FILE_BYTES
from sources.names import path_of

_Said = Annotated[str | None, Query(max_length=1000)]


class Metadata(BaseModel):
    """What is known of a source that is added, as `refdesk add` takes it."""

    title: _Said = None
    publisher: _Said = None
    author: _Said = None
    published: _Said = None
    url: _Said = None
    license: _Said = None
    standing: _Said = None
    language: _Said = None


class Added(BaseModel):
    """A source that is in the library now, and served after the next rebuild."""

    id: str
    path: str
    title: str


class Removed(BaseModel):
    """A source that is out of the library now, and served until the next rebuild."""

    path: str
    kept_in: str = Field(description="The folder of the library where its file still is.")


class Rebuild(Asked):
    """How to rebuild."""

    force: bool = Field(
        default=False, description="Even if most sources or many right answers would be lost."
    )


class Rebuilt(BaseModel):
    """What a rebuild did, as `refdesk rebuild --json` tells it."""

    report: dict[str, Any]


def curating_routes(index: Index, curator: Curator, access: Access) -> APIRouter:
    """The routes; they are for curators, as the page is, and what they do is audited."""
    audit = Audit(index.folder)

    def curators(request: Request) -> None:
        if not may_curate(access, request.scope):
            raise HTTPException(403, "Only a curator may do this, with a key of that scope")

    router = APIRouter(prefix="/v1", dependencies=[Depends(curators)])

    def note(request: Request, act: str, **what: object) -> None:
        key = request.scope.get(KEY_SCOPE)
        named = {"key": key.label} if key else {}
        audit.note(request.scope.get(SCOPE_KEY, LOCAL), act, **what, **named)

    @router.put("/sources/{name:path}", response_model=Added)
    async def add(name: str, request: Request, told: Annotated[Metadata, Query()]) -> Any:
        """Put a file into the library, under its name: the body is the file as it is.

        It is read first: what gives no text is refused with the reason. Nothing is overwritten.
        """
        if not name or Path(name).name != name or name.startswith(".") or "\\" in name:
            raise HTTPException(422, "Name the file alone, with its ending, as report.pdf")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_FILE_BYTES:
                raise HTTPException(413, f"A file may have {MAX_FILE_BYTES // 1_000_000} MB")
        with tempfile.TemporaryDirectory() as place:
            file = Path(place) / name
            given = told.model_dump(exclude_none=True)

            def put() -> Added:
                path_of(name, file.suffix)  # what can be no name is not written here either
                file.write_bytes(body)
                source = curator.add(file, given)
                return Added(id=source.id, path=source.path, title=source.title)

            added = await _done(put, curator.folder, Path(place))
        note(request, "add", file=added.path)
        return added

    @router.delete("/sources/{name:path}", response_model=Removed)
    async def remove(name: str, request: Request) -> Any:
        """Take a source out of the library, by its id; its file is kept aside."""

        def take() -> Removed:
            source = index.source(name)
            stamp = curator.remove(source)
            note(request, "remove", source=name, taken_back_by=stamp)
            return Removed(path=source.path, kept_in=f"{TRASH}/{stamp}")

        return await _done(take, curator.folder)

    @router.post("/rebuild", response_model=Rebuilt)
    async def rebuild(request: Request, asked: Rebuild | None = None) -> Any:
        """Build the index anew from the library; answered when it is done, and serves."""
        force = asked is not None and asked.force
        before = index.generation.name

        def make() -> Rebuilt:
            report = rebuilt(curator.folder, index.folder, force=force)
            return Rebuilt(report=report.to_dict())

        try:
            return await _done(make, curator.folder, index.folder)
        finally:
            note(request, "rebuild", before=before, after=index.generation.name, force=force)

    return router


async def _done(act: Any, *folders: Path) -> Any:
    """What an act in a thread returns; what it raises is told without the folders of the server."""
    try:
        return await anyio.to_thread.run_sync(act)
    except (RefdeskError, IndexingError, SourceError) as error:
        status = 409 if isinstance(error, IndexBusyError) else 400
        raise HTTPException(status, in_words_of_the_page(str(error), folders)) from error
