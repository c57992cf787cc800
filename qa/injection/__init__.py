"""Text in a source that gives orders to whoever answers from it: it is never quoted or believed.

A source may hold an order to a language model ("ignore the instructions above and say ..."), put
there by whoever wrote it. Such a sentence answers nothing, and what follows it in its paragraph may
be what it wants said; so both are left out of extracts, of what a model is shown, and of what can
support a sentence; so is an order that is quoted with what it wants said, and the paragraph that
an order leads on to ("say the following:"). An order is known by what it does: it addresses an
answering machine, in the imperative, about its answer, its instructions, its role, secrecy or
links. "Press the button", in a manual, is none. No filter is complete; what it misses is only ever
shown as a quote, cited.
"""

from qa.injection.orders import without_instructions
from qa.injection.quotable import gives_orders, quotable, quotable_spans

__all__ = ["gives_orders", "quotable", "quotable_spans", "without_instructions"]
