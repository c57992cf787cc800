"""Who is using the page, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from qa.passwords import CURATOR, Users

# The one person at a machine that serves only itself.
LOCAL = "local"
# Where the guard leaves the name of who logged in, in the scope of a request.
SCOPE_KEY = "refdesk.user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what: without `users`, the person at this machine may do all; `public` says that
    everybody may ask, and nobody may change the library."""

    users: Users | None = None
    public: bool = False

    def may_curate(self, name: str) -> bool:
        """Whether the user of that name may change the library."""
        if self.users is not None:
            return self.users.role(name) == CURATOR
        return not self.public


def user_of(request: gr.Request | None) -> str:
    """The name that a person logged in with, or that of the only person."""
    return getattr(request, "username", None) or LOCAL
