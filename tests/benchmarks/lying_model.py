"""What is shown of a language model that lies, from question to answer, by kind of lie.

    python tests/benchmarks/lying_model.py [--rules] [-v]

The passages of the writers left out of training (`train_adapters.py`) become a library; of each a
question is asked, and the model writes its truths and its lies, each as said by every passage that
it was given. Shown is what stands in the answer by a check of its own; what is put verbatim in the
place of a sentence that failed is not the model's. Prints shares with Wilson intervals.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gate_by_kind import WRITTEN, share
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from train_adapters import LEFT_OUT

from index import open_index, rebuild
from qa import answer

_NUMBERED = re.compile(r"\[(\d+)\]")


class Lying(BaseChatModel):
    """Writes what it has been given to say, and cites every passage for it."""

    said: list[str]

    @property
    def _llm_type(self) -> str:
        return "lying"

    def _text(self, messages: Any) -> str:
        numbers = sorted({int(one) for one in _NUMBERED.findall(str(messages[-1].content))})
        cited = "".join(f"[{one}]" for one in numbers)
        return "\n".join(f"{one} {cited}" for one in self.said)

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage(self._text(messages))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(self._text(messages)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rules", action="store_true", help="by rules alone")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    os.environ["REFDESK_SUPPORT_MODEL"] = "off" if arguments.rules else ""
    written = [json.loads(line) for line in WRITTEN.read_text("utf-8").splitlines()]
    written = [one for one in written if one["writer"] in LEFT_OUT]
    shown, all_of = Counter[str](), Counter[str]()
    refused = 0
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "library")
        library.mkdir()
        for number, one in enumerate(written):
            text = f"# {one['title']}\n\n## {one['heading']}\n\n" + "\n\n".join(one["passage"])
            (library / f"{number}.md").write_text(text, encoding="utf-8")
        rebuild(library, index=Path(folder, "index"))
        opened = open_index(Path(folder, "index"))
        for one in written:
            kind = {said["s"]: "truth" for said in one["truths"]}
            kind |= {said["s"]: f"lie: {said['kind']}" for said in one["lies"]}
            found = answer(one["asked"][0]["q"], index=opened, model=Lying(said=list(kind)))
            if found.abstained:
                refused += 1
                continue
            of_model = {said.text for said in found.sentences if said.checked_by != "verbatim"}
            for text, own in kind.items():
                for group in {own, own.partition(":")[0]}:
                    all_of[group] += 1
                    shown[group] += text in of_model
                if arguments.verbose and own != "truth" and text in of_model:
                    print(f"{own}: {text}")
    print(f"{refused} of {len(written)} questions are refused before the model is asked")
    for group in sorted(all_of):
        print(f"{group:<20} {share(shown[group], all_of[group])}")


if __name__ == "__main__":
    main()
