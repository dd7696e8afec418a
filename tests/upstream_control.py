"""Beside `/v1`: asks the scripted upstream what it has sent and was asked, and tells it what to do. No key needed."""

from __future__ import annotations

import time

from tests.scripted_runs import Manner


def answer(upstream, method, path, query, body):
    """(status, JSON) of a request under `/control`."""
    asked = (method, path.removeprefix("/control"))
    if asked[1].startswith("/log/"):
        run = upstream.runs.get(asked[1].removeprefix("/log/"))
        return (200, [list(entry[:3]) for entry in run.log]) if run else (404, {})
    act = ACTS.get(asked)
    return (200, act(upstream, query, body)) if act else (404, {"acts": [" ".join(name) for name in ACTS]})


def _stats(upstream, _query, _body):
    rate = upstream.rates
    return {
        "runs": len(upstream.runs),
        "live": sum(not run.is_over for run in upstream.runs.values()),
        "open_streams": upstream.open_streams,
        "requests": len(upstream.requests),
        "sent": rate.sent if rate else 0,
        "behind_seconds": rate.behind_seconds if rate else 0,
        "cpu_seconds": time.process_time(),
    }


def _sent(upstream, _query, _body):
    return {run.id: run.frozen() for run in upstream.runs.values()}


def _listed(upstream, _query, _body):
    return sorted(upstream.listed)


def _writes(upstream, _query, _body):
    return [dict(zip(("at", "run", "verb", "note", "status"), write, strict=True)) for write in upstream.writes]


def _requests(upstream, query, _body):
    since = int(query.get("after") or 0)
    made = zip(upstream.asked_at[since:], upstream.requests[since:], strict=False)
    return [[at, method, target] for at, (method, target, _headers) in made]


def _pace(upstream, _query, body):
    upstream.rates.pace(float(body["rate"]))
    return _stats(upstream, {}, {})


def _start(upstream, _query, _body):
    upstream.rates.start()
    return {}


def _stop(upstream, _query, _body):
    upstream.rates.stop()
    return _stats(upstream, {}, {})


def _drain(upstream, _query, _body):
    upstream.rates.drain()
    upstream.mishaps = None
    return {}


def _finish(upstream, _query, _body):
    upstream.rates.finish()
    return {}


def _cut(upstream, _query, _body):
    for run in upstream.runs.values():
        for listener in list(run.listeners):
            listener.transport.abort()
    return {}


def _fail(upstream, _query, body):
    upstream.fail(**body)
    return {}


def _run(upstream, _query, body):
    run = upstream.add(Manner(**body.pop("manner", {})), **body)
    return {"id": run.id}


def _tell(upstream, _query, body):
    """An act of one run: {"run", "act": "go" | "step" | .. | "emit", "arguments": {}}."""
    made = getattr(upstream.runs[body["run"]], body["act"])(**body.get("arguments", {}))
    return {"seq": made}


ACTS = {
    ("GET", "/stats"): _stats,
    ("GET", "/sent"): _sent,
    ("GET", "/listed"): _listed,
    ("GET", "/writes"): _writes,
    ("GET", "/requests"): _requests,
    ("POST", "/pace"): _pace,
    ("POST", "/start"): _start,
    ("POST", "/stop"): _stop,
    ("POST", "/drain"): _drain,
    ("POST", "/finish"): _finish,
    ("POST", "/cut"): _cut,
    ("POST", "/fail"): _fail,
    ("POST", "/run"): _run,
    ("POST", "/tell"): _tell,
}
