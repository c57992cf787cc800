"""Short answers of the server itself, past Gradio."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Send

Header = tuple[bytes, bytes]
PLAIN: Header = (b"content-type", b"text/plain; charset=utf-8")
HTML: Header = (b"content-type", b"text/html; charset=utf-8")


async def refuse(send: Send, status: int, reason: bytes, *more: Header) -> None:
    """A status with its reason in a line of text."""
    await respond(send, status, reason, PLAIN, *more)


async def respond(send: Send, status: int, body: bytes, *headers: Header) -> None:
    """A whole response, that no cache keeps."""
    told = [*headers, (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
