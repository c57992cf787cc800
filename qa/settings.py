"""Settings from the environment: the only module that reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qa.errors import SettingError
from qa.result import CHECKS, CheckedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are and what answers; `VARIABLES` says which variable sets which field."""

    index: Path
    library: Path
    model: str | None
    model_url: str | None
    model_timeout: float
    embedding_model: str | None
    reranker: str | None
    reader: bool
    support_model: str | None
    check: CheckedBy
    conversations: Path
    gaps: bool
    store: str | None
    libreoffice: Path | None
    rate: int
    webhook: str | None
    traces: bool


VARIABLES = {
    "REFDESK_INDEX": "folder of the index; default: `refdesk/index` in the user's data folder",
    "REFDESK_LIBRARY": "folder of the sources; default: the starter library",
    "REFDESK_MODEL": "language model, as `ollama:llama3.2`; default: none, answers are extracts",
    "REFDESK_MODEL_URL": "base address of an OpenAI-compatible or Ollama server",
    "REFDESK_MODEL_TIMEOUT": "seconds to wait for a language model; default: 60",
    "REFDESK_EMBEDDING_MODEL": "sentence-transformers model to build with; default: bundled",
    "REFDESK_RERANKER": "cross-encoder to order the sentences that may answer, a folder or a hub "
    "name; default: none",
    "REFDESK_READER": "whether the packaged model reads the likeliest stretches, `on` or `off`; "
    "default: on where it is installed and no REFDESK_RERANKER is named",
    "REFDESK_SUPPORT_MODEL": "cross-encoder of inference to judge a language model's sentences by, "
    "a folder or a hub name, or `off` for the rules alone; default: the packaged one where it is "
    "installed",
    "REFDESK_CHECK": "the least strict check that a sentence of an answer may pass by: `verbatim`, "
    "`rules` or `model`; default: model, all three",
    "REFDESK_CONVERSATIONS": "file of the chat's conversations; default: "
    "`refdesk/conversations.db` in the user's data folder",
    "REFDESK_GAPS": "whether unanswered questions are logged, `on` or `off`; default: on",
    "REFDESK_STORE": "Chroma server to put the vectors in, as `http://host:8000`, or `cloud`, or "
    "`files`; default: what the index has, at first files",
    "REFDESK_LIBREOFFICE": "LibreOffice's program `soffice`, which old Office files are read with; "
    "default: the one on the path, or where its installers put it",
    "REFDESK_RATE": "requests a minute that programs may send with one key, as one user or from "
    "one address, where others use the chat; default: 60",
    "REFDESK_WEBHOOK": "address that is sent what came of each rebuild, as JSON; default: none",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "address of a collector of OpenTelemetry that is sent traces "
    "(OTLP over HTTP); needs the extra traces; default: none",
}


def read_settings() -> Settings:
    """The settings in force. Raises SettingError."""
    import platformdirs

    value = {name: os.environ.get(name, "").strip() for name in VARIABLES}
    try:
        timeout = float(value["REFDESK_MODEL_TIMEOUT"] or 60)
    except ValueError:
        timeout = 0.0
    if timeout <= 0:
        raise SettingError(
            f"REFDESK_MODEL_TIMEOUT is {value['REFDESK_MODEL_TIMEOUT']!r}; set it to a number of "
            f"seconds above 0"
        )
    for name in ("REFDESK_GAPS", "REFDESK_READER"):
        if value[name].lower() not in ("", "on", "off"):
            raise SettingError(f"{name} is {value[name]!r}; set it to on or off")
    rate = value["REFDESK_RATE"] or "60"
    if not (rate.isdecimal() and 1 <= int(rate[:9]) <= 1_000_000):
        raise SettingError(f"REFDESK_RATE is {rate!r}; set it to a number from 1 on")
    webhook = value["REFDESK_WEBHOOK"] or None
    if webhook and not webhook.startswith(("http://", "https://")):
        raise SettingError(
            f"REFDESK_WEBHOOK is {webhook!r}; set it to an address with http or https"
        )
    check = value["REFDESK_CHECK"].lower() or CHECKS[-1]
    allowed = [one for one in CHECKS if one == check]
    if not allowed:
        raise SettingError(
            f"REFDESK_CHECK is {value['REFDESK_CHECK']!r}; set it to {', '.join(CHECKS[:-1])} or "
            f"{CHECKS[-1]}"
        )
    return Settings(
        index=Path(value["REFDESK_INDEX"] or platformdirs.user_data_path("refdesk") / "index"),
        library=Path(value["REFDESK_LIBRARY"] or starter_library()),
        model=value["REFDESK_MODEL"] or None,
        model_url=value["REFDESK_MODEL_URL"] or None,
        model_timeout=timeout,
        embedding_model=value["REFDESK_EMBEDDING_MODEL"] or None,
        reranker=value["REFDESK_RERANKER"] or None,
        reader=value["REFDESK_READER"].lower() != "off" and not value["REFDESK_RERANKER"],
        support_model=value["REFDESK_SUPPORT_MODEL"] or None,
        check=allowed[0],
        conversations=Path(
            value["REFDESK_CONVERSATIONS"]
            or platformdirs.user_data_path("refdesk") / "conversations.db"
        ),
        gaps=value["REFDESK_GAPS"].lower() != "off",
        store=value["REFDESK_STORE"] or None,
        libreoffice=read_libreoffice(),
        rate=int(rate),
        webhook=webhook,
        traces=bool(value["OTEL_EXPORTER_OTLP_ENDPOINT"]),
    )


def read_libreoffice() -> Path | None:
    """The program that is named to be LibreOffice. Raises SettingError."""
    named = os.environ.get("REFDESK_LIBREOFFICE", "").strip()
    if named and not (Path(named).is_file() and os.access(named, os.X_OK)):
        raise SettingError(
            f"REFDESK_LIBREOFFICE is {named!r}, no program; set it to the path of `soffice`"
        )
    return Path(named) if named else None


def set_variables() -> dict[str, str]:
    """The variables of `VARIABLES` that are set, as they are."""
    return {name: os.environ[name] for name in VARIABLES if os.environ.get(name, "").strip()}


def starter_library() -> Path:
    """The folder of the library that comes with Refdesk."""
    import sources

    return Path(sources.__file__).parent / "documents"
