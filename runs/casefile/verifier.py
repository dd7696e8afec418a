"""Verifies a case file of Coasty Console. Needs Python 3.9 or newer and nothing else:

    python verify.py CASE.zip [--key PUBLIC_KEY]

It finds any byte that was changed, added or taken out, and names where. Without --key it can't tell who has signed:
compare the key that it prints with the one that the console shows, or let the console verify:
`python manage.py verify_case CASE.zip`. Use a copy of this program that does not come out of the file in doubt.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from dataclasses import dataclass, field
from typing import Any, BinaryIO

FORMAT = "coasty case 1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
GENESIS = "0" * 64
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_STAMP = 0x5A21  # 1 January 2025: the archive of the same case is the same, byte for byte
_BLOCK = 1 << 20
Point = tuple[int, int, int, int]


@dataclass
class Report:
    """What was found; `faults` names each place that is not as it was signed."""

    faults: list[str] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    files: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.faults and bool(self.manifest)


# The container: stored files with nothing that could vary, so that its every byte follows from its content.


def local_header(name: str, size: int, crc: int) -> bytes:
    raw = name.encode()
    return _LOCAL + struct.pack("<HHHHHIIIHH", 10, 0x800, 0, 0, _STAMP, crc, size, size, len(raw), 0) + raw


def central_header(name: str, size: int, crc: int, offset: int) -> bytes:
    raw = name.encode()
    fields = (0x031E, 10, 0x800, 0, 0, _STAMP, crc, size, size, len(raw), 0, 0, 0, 0, 0o100644 << 16, offset)
    return _CENTRAL + struct.pack("<HHHHHHIIIHHHHHII", *fields) + raw


def ending(count: int, size: int, offset: int) -> bytes:
    return _END + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, 0)


def chained(before: str, name: str, size: int, sha256: str) -> str:
    """The link of one file in the chain: it holds all files before it."""
    return hashlib.sha256(f"{before}\n{name}\n{size}\n{sha256}".encode()).hexdigest()


def check(path: str, key: str = "") -> Report:
    """Verify the file. `key`: the public key, in hexadecimal digits, that must have signed it."""
    report = Report()
    with open(path, "rb") as stream:
        found = _manifest(stream, report)
        if found is None:
            report.faults.append(f"{MANIFEST}: not found; this is no case file, or its end is gone")
            return report
        manifest, seal = found
        report.manifest = manifest
        if key and manifest.get("public_key") != key:
            report.faults.append(f"{MANIFEST}: it was signed with another key, {manifest.get('public_key')}")
        _files(stream, report, seal)
    audit = contents(path, report.manifest, ("audit.json",)).get("audit.json", b"")
    report.faults += [f"audit.json: {fault}" for fault in audit_faults(audit_entries(audit))]
    return report


def _manifest(stream: BinaryIO, report: Report) -> tuple[dict[str, Any], tuple[bytes, bytes]] | None:
    """The manifest, and the raw texts of it and of its signature; faults of both go into the report."""
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(max(0, size - 64 * _BLOCK))
    tail = stream.read()
    best: tuple[dict[str, Any], bytes, bytes, list[str]] | None = None
    for raw, sealed in filter(None, (_by_names(tail), _by_directory(stream, size))):
        manifest, seal = _object(raw), _object(sealed)
        unread = [name for name, told in ((MANIFEST, manifest), (SIGNATURE, seal)) if told is None]
        if manifest is None or seal is None:
            best = best or ({}, raw, sealed, [f"{name}: it can't be read" for name in unread])
            continue
        faults = _unsealed(raw, sealed, manifest, seal)
        if not faults:
            return manifest, (raw, sealed)
        if best is None or not best[0]:
            best = (manifest, raw, sealed, faults)
    if best is None:
        return None
    report.faults += best[3]
    return best[0], (best[1], best[2])


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(raw)
    except ValueError:
        return None
    files = told.get("files", []) if isinstance(told, dict) else None
    is_good = isinstance(files, list) and all(isinstance(one, dict) for one in files)
    return told if is_good else None


def _unsealed(raw: bytes, sealed: bytes, manifest: dict[str, Any], seal: dict[str, Any]) -> list[str]:
    faults = []
    told, signature = str(seal.get("sha256")), str(seal.get("signature"))
    real = hashlib.sha256(raw).hexdigest()
    key = str(manifest.get("public_key"))
    if sealed != seal_text(told, str(seal.get("public_key")), signature):
        faults.append(f"{SIGNATURE}: it is not as it was written")
    if real == told and not signed(key, signature, real.encode()):
        faults.append(f"{SIGNATURE}: it does not sign this manifest with the manifest's key")
    elif real != told and signed(key, signature, real.encode()):
        faults.append(f"{SIGNATURE}: it is not as it was written")
    elif real != told:
        faults.append(f"{MANIFEST}: it is not as it was signed")
    elif seal.get("public_key") != key:
        faults.append(f"{SIGNATURE}: it names another key than the manifest")
    return faults


def seal_text(sha256: str, public_key: str, signature: str) -> bytes:
    told = {"sha256": sha256, "public_key": public_key, "signature": signature}
    return json.dumps(told, indent=1).encode() + b"\n"


def _by_names(tail: bytes) -> tuple[bytes, bytes] | None:
    """The manifest and its signature by the names that stand before them."""
    start = tail.rfind(MANIFEST.encode() + b"{")
    end = tail.find(_LOCAL, start)
    seal = tail.find(SIGNATURE.encode() + b"{", start)
    if start < 0 or end < 0 or seal < 0:
        return None
    return tail[start + len(MANIFEST) : end], tail[seal + len(SIGNATURE) : tail.find(b"}\n", seal) + 2]


def _by_directory(stream: BinaryIO, size: int) -> tuple[bytes, bytes] | None:
    """The same by the archive's directory, for a file whose names are damaged."""
    stream.seek(max(0, size - 22))
    end = stream.read(22)
    if len(end) < 22 or end[:4] != _END:
        return None
    length, offset = struct.unpack("<II", end[12:20])
    stream.seek(offset)
    directory, at = stream.read(length), 0
    found: dict[str, tuple[int, int]] = {}
    while directory[at : at + 4] == _CENTRAL and at + 46 <= len(directory):
        file_size, name_length = struct.unpack("<I", directory[at + 24 : at + 28])[0], directory[at + 28]
        where = struct.unpack("<I", directory[at + 42 : at + 46])[0]
        name = directory[at + 46 : at + 46 + name_length].decode("utf-8", "replace")
        found[name] = (where + 30 + name_length, file_size)
        at += 46 + name_length
    if MANIFEST not in found or SIGNATURE not in found:
        return None
    return _read(stream, *found[MANIFEST]), _read(stream, *found[SIGNATURE])


def _read(stream: BinaryIO, offset: int, size: int) -> bytes:
    stream.seek(offset)
    return stream.read(size)


def _files(stream: BinaryIO, report: Report, seal: tuple[bytes, bytes]) -> None:
    """Every byte of the archive against what the manifest says must be there."""
    if not report.manifest:
        return
    entries, link = [], GENESIS
    for told in report.manifest.get("files", []):
        name, size, crc = str(told.get("name")), _number(told.get("bytes")), _number(told.get("crc32"))
        entries.append((name, size, crc, str(told.get("sha256"))))
        link = chained(link, name, size, str(told.get("sha256")))
        if link != told.get("chain"):
            report.faults.append(f"{MANIFEST}: the chain breaks at {name}")
    if link != report.manifest.get("head"):
        report.faults.append(f"{MANIFEST}: the chain's end is not the one that was signed")
    for name, raw in ((MANIFEST, seal[0]), (SIGNATURE, seal[1])):
        entries.append((name, len(raw), zlib.crc32(raw), hashlib.sha256(raw).hexdigest()))
    _walk(stream, report, entries)
    report.files = len(entries)


def _walk(stream: BinaryIO, report: Report, entries: list[tuple[str, int, int, str]]) -> None:
    at = 0
    directory: list[tuple[str, bytes]] = []
    stream.seek(0)
    for name, size, crc, sha256 in entries:
        header = local_header(name, size, crc)
        if stream.read(len(header)) != header:
            report.faults.append(f"{name}: its header in the archive is damaged, at byte {at}")
        if _digest(stream, size) != sha256:
            report.faults.append(f"{name}: its content is not as it was signed")
        directory.append((name, central_header(name, size, crc, at)))
        at += len(header) + size
    start = at
    for name, header in directory:
        if stream.read(len(header)) != header:
            report.faults.append(f"{name}: its line in the archive's directory is damaged, at byte {at}")
        at += len(header)
    end = ending(len(directory), at - start, start)
    if stream.read(len(end)) != end:
        report.faults.append(f"the archive's end is damaged, at byte {at}")
    if stream.read(1):
        report.faults.append(f"something was added behind the archive's end, at byte {at + len(end)}")


def contents(path: str, manifest: dict[str, Any], names: tuple[str, ...]) -> dict[str, bytes]:
    """The named files of a case, as they stand in it."""
    found: dict[str, bytes] = {}
    at = 0
    with open(path, "rb") as stream:
        for told in manifest.get("files", []):
            name, size = str(told.get("name")), _number(told.get("bytes"))
            at += 30 + len(name.encode())
            if name in names:
                found[name] = _read(stream, at, size)
            at += size
    return found


def raw_manifest(path: str) -> bytes:
    """The manifest's bytes; empty where there is none."""
    with open(path, "rb") as stream:
        found = _manifest(stream, Report())
    return found[1][0] if found else b""


def audit_entries(raw: bytes) -> list[dict[str, Any]]:
    """The audit entries in a case; those that can't be read are left out."""
    told = _object(raw) or {}
    entries = told.get("entries")
    return [one for one in entries if isinstance(one, dict) and isinstance(one.get("seq"), int)] if entries else []


def audit_faults(entries: list[dict[str, Any]]) -> list[str]:
    """Each entry's hash is the hash of what it says, and those that are neighbours name each other."""
    faults: list[str] = []
    before: dict[str, Any] | None = None
    for entry in entries:
        said = {key: value for key, value in entry.items() if key not in ("hash", "next_hash")}
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        if hashlib.sha256(text.encode()).hexdigest() != entry.get("hash"):
            faults.append(f"entry {entry.get('seq')} does not say what its hash was made of")
        if before and before["seq"] + 1 == entry["seq"] and before.get("hash") != entry.get("previous_hash"):
            faults.append(f"entry {entry['seq']} does not follow the one before it")
        before = entry
    return faults


def _digest(stream: BinaryIO, size: int) -> str:
    summed = hashlib.sha256()
    while size > 0:
        part = stream.read(min(size, _BLOCK))
        if not part:
            return ""
        summed.update(part)
        size -= len(part)
    return summed.hexdigest()


def _number(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 2**32 else 0


# Ed25519, the verifying half of RFC 8032, on whole numbers: slow, but in need of nothing.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)


def signed(public_key: str, signature: str, message: bytes) -> bool:
    """Whether the key's owner has signed the message."""
    try:
        key, told = bytes.fromhex(public_key), bytes.fromhex(signature)
        point, nonce = _point(key), _point(told[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(told[32:], "little")
    if len(key) != 32 or len(told) != 64 or scalar >= _L:
        return False
    challenge: int = int.from_bytes(hashlib.sha512(told[:32] + key + message).digest(), "little") % _L
    return _same(_times(scalar, _BASE), _sum(nonce, _times(challenge, point)))


def _point(raw: bytes) -> Point:
    """A point of the curve, as (x, y, z, x*y/z), from its 32 bytes; ValueError for what is none."""
    if len(raw) != 32:
        raise ValueError("a point has 32 bytes")
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if y >= _P or (x * x - square) % _P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _sum(total, point)
        point, number = _sum(point, point), number >> 1
    return total


def _same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (one[1] * other[2] - other[1] * one[2]) % _P == 0


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def main(arguments: list[str]) -> int:
    key = ""
    if "--key" in arguments:
        at = arguments.index("--key")
        key, arguments = "".join(arguments[at + 1 : at + 2]), arguments[:at] + arguments[at + 2 :]
    if len(arguments) != 1:
        sys.stdout.write(f"{__doc__}\n")
        return 2
    report = check(arguments[0], key)
    for fault in report.faults:
        sys.stdout.write(f"CHANGED  {fault}\n")
    if report.is_whole:
        told = report.manifest
        sys.stdout.write(f"WHOLE    run {told.get('run')}, {report.files} files, made {told.get('made_at')}\n")
        sys.stdout.write(f"SIGNED   by {told.get('public_key')}\n")
    return 0 if report.is_whole else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
