"""Who is using the page, of which library, and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.passwords import CURATE, Key, Users

if TYPE_CHECKING:
    import gradio as gr

# The one person at a machine that serves only itself.
LOCAL = "local"
# Where the guard leaves the name of who logged in, in the scope of a request.
SCOPE_KEY = "refdesk.user"
# And where the key, if a program logged in with one.
KEY_SCOPE = "refdesk.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what: without `users`, the person at this machine may do all; `public` says that
    everybody may ask, and nobody may change the library. Where others ask, programs of each may
    send `rate` requests a minute.

    Of a server with several `libraries`, `library` is the name of the one that this is of.
    """

    users: Users | None = None
    public: bool = False
    rate: int = 60
    library: str = ""
    libraries: tuple[str, ...] = ()

    def may_curate(self, name: str) -> bool:
        """Whether the user of that name may change the library."""
        if self.users is not None:
            return self.users.may_curate(name, self.library)
        return not self.public


def may_curate(access: Access, scope: Mapping[str, Any]) -> bool:
    """Whether who sends a request may change the library, with the key that it was sent with."""
    key: Key | None = scope.get(KEY_SCOPE)
    allowed = key is None or key.scope == CURATE
    return allowed and access.may_curate(scope.get(SCOPE_KEY, LOCAL))


def user_of(request: gr.Request | None) -> str:
    """The name that a person logged in with, or that of the only person."""
    return getattr(request, "username", None) or LOCAL
