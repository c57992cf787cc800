"""Reading files apart, several at a time: what is read comes in the order of the files."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import LifoQueue
from threading import Lock

from sources.apart import ApartReader, Limits
from sources.cache import ExtractCache
from sources.errors import UnreadableError
from sources.formats import read_file
from sources.readers.extract import Extract
from sources.readers.ocr import ocr_version
from sources.source import Format

MOST_READERS = 8
"""Each is a process that may take all the memory of `Limits`."""
_FILES_A_READER = 8  # with fewer files, to start another takes longer than to wait


def read_in_order(
    files: Sequence[tuple[Path, Format]],
    limit: int,
    limits: Limits,
    cache: ExtractCache | None = None,
    *,
    most: int = MOST_READERS,
) -> Generator[Extract | UnreadableError, None, None]:
    """What is read of each file of at most `limit` bytes, or why it cannot be.

    As many children read as there are processors, at most `most`; one more reads images, where OCR
    is installed. Whatever their number, the results are the same.
    """
    many = max(1, min(most, os.cpu_count() or 1, len(files) // _FILES_A_READER))
    one_image = Lock()  # OCR takes several processors by itself
    with ExitStack() as stack:
        free: LifoQueue[ApartReader] = LifoQueue()
        for _ in range(many):
            free.put(stack.enter_context(ApartReader(limits, cache)))
        by_ocr = stack.enter_context(ApartReader(limits.for_ocr(), cache, ocr=True))

        def read(file: Path, format_: Format) -> Extract | UnreadableError:
            reader = free.get()
            try:
                data = read_file(file, limit)
                extract = reader.read(data, format_, file.name)
            except UnreadableError as error:
                return error
            finally:
                free.put(reader)
            if not (extract.scans and ocr_version()):
                return extract
            try:
                with one_image:
                    return by_ocr.read(data, format_, file.name)
            except UnreadableError as error:
                return error

        pool = stack.enter_context(ThreadPoolExecutor(many + 1))  # one waits for images
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        waiting: deque[Future[Extract | UnreadableError]] = deque()
        for file, format_ in files:
            waiting.append(pool.submit(read, file, format_))
            if len(waiting) > 4 * many:  # what is read ahead takes memory
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
