"""Compares a case file with what this console knows: its keys, its audit log, the seals that it wrote down."""

from __future__ import annotations

import hashlib
from typing import Any

from runs import audit
from runs.casefile import signing, verifier
from runs.models import AuditEntry


def against_log(path: str) -> verifier.Report:
    """Verify the file, and hold its audit entries against the log as it is now; what differs is named."""
    report = verifier.check(path)
    if not report.manifest:
        return report
    if report.manifest.get("public_key") not in signing.known_keys():
        report.faults.append(f"{verifier.MANIFEST}: this console has not signed it")
    raw = verifier.contents(path, report.manifest, ("audit.json",)).get("audit.json", b"")
    entries = verifier.audit_entries(raw)
    report.faults += [f"audit.json: {fault}" for fault in _differences(entries)]
    return report


def _differences(entries: list[dict[str, Any]]) -> list[str]:
    seqs = [entry["seq"] for entry in entries]
    known = {entry.seq: entry for entry in AuditEntry.objects.filter(seq__in=seqs)}
    faults = []
    for told in entries:
        entry = known.get(told["seq"])
        if entry is None:
            faults.append(f"the log has no entry {told['seq']}")
        elif entry.hash != told["hash"] or audit.digest(entry) != told["hash"]:
            faults.append(f"entry {told['seq']} of the log is another one")
    return faults


def seal_is_known(report: verifier.Report, path: str) -> bool:
    """Whether the log holds the seal of this very case."""
    raw = verifier.raw_manifest(path)
    digest = hashlib.sha256(raw).hexdigest()
    sealed = AuditEntry.objects.filter(act="run.case_sealed", subject=str(report.manifest.get("run"))[:200])
    return any(entry.detail.get("manifest_sha256") == digest for entry in sealed)
