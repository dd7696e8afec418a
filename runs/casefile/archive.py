"""Owns how a case file is written: one member after the other as it is made, then the manifest and its signature."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from runs.casefile import signing, verifier

MAX_BYTES = 4_000_000_000  # the plain format of a ZIP counts to 4 GB and to 65,535 files
MAX_FILES = 65_000


class TooLarge(Exception):
    """The case does not fit into one archive."""


def written(
    about: dict[str, Any], members: Iterable[tuple[str, bytes]], sealed: Callable[[str], None]
) -> Iterator[bytes]:
    """The archive's bytes, in parts. `about` goes into the manifest. Holds one member in memory at a time.

    `sealed` is told the SHA-256 of the manifest before its last part goes out.
    """
    files: list[dict[str, Any]] = []
    directory: list[bytes] = []
    link, offset = verifier.GENESIS, 0
    for name, content in members:
        crc, sha256 = zlib.crc32(content), hashlib.sha256(content).hexdigest()
        link = verifier.chained(link, name, len(content), sha256)
        files.append({"name": name, "bytes": len(content), "crc32": crc, "sha256": sha256, "chain": link})
        part = _member(name, content, directory, offset)
        offset += len(part)
        if offset > MAX_BYTES or len(files) > MAX_FILES:
            raise TooLarge(TooLarge.__doc__)
        yield part
    told = {"format": verifier.FORMAT, **about, "public_key": signing.public_key(), "files": files, "head": link}
    manifest = json.dumps(told, indent=1, ensure_ascii=True).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    seal = verifier.seal_text(digest, signing.public_key(), signing.sign(digest.encode()))
    for name, content in ((verifier.MANIFEST, manifest), (verifier.SIGNATURE, seal)):
        part = _member(name, content, directory, offset)
        offset += len(part)
        yield part
    sealed(digest)
    lines = b"".join(directory)
    yield lines + verifier.ending(len(directory), len(lines), offset)


def _member(name: str, content: bytes, directory: list[bytes], offset: int) -> bytes:
    crc = zlib.crc32(content)
    directory.append(verifier.central_header(name, len(content), crc, offset))
    return verifier.local_header(name, len(content), crc) + content
