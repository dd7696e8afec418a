"""Each way a call can fail is one kind of error, told by what to do about it."""

from __future__ import annotations

import pytest

from coasty_api import errors
from coasty_api.client import Client
from tests.upstreams import Upstream


@pytest.fixture
def client(upstream):
    return Client(upstream.base_url, upstream.key, timeout_seconds=2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid), (401, errors.KeyRefused), (402, errors.PaymentNeeded), (403, errors.NotAllowed),
        (404, errors.NotFound), (405, errors.Invalid), (409, errors.Conflict), (422, errors.Invalid),
        (429, errors.Busy), (500, errors.Unavailable), (502, errors.Unavailable), (503, errors.Unavailable),
        (301, errors.Unavailable), (418, errors.CoastyError),
    ],
)  # fmt: skip
def test_a_status_is_a_kind_of_error(status, kind, upstream, client):
    upstream.fail("GET", "/runs/x", status=status)
    with pytest.raises(kind) as caught:
        client.get_run("x")
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code) == (status, "SCRIPTED")
    assert caught.value.request_id == "req_000000000000"


def test_a_page_instead_of_an_envelope_is_readable_and_a_bare_403_was_blocked_before_the_api(upstream, client):
    upstream.fail("GET", "/runs/x", status=403, body=b"<html>error code: 1010</html>")
    with pytest.raises(errors.Blocked, match=r"before the API.*403"):
        client.get_run("x")
    upstream.fail("GET", "/runs/x", status=502, body=b"<html>Bad gateway</html>")
    with pytest.raises(errors.Unavailable, match="HTTP 502"):
        client.get_run("x")


def test_a_401_with_the_code_of_an_outage_is_an_outage(upstream, client):
    upstream.fail("GET", "/machines", status=401, code="UPSTREAM_ERROR")
    with pytest.raises(errors.Unavailable):
        client.machines()


def test_what_the_envelope_tells_comes_along(upstream, client):
    upstream.fail("GET", "/runs/x", status=429, retry_after=7)
    with pytest.raises(errors.Busy) as busy:
        client.get_run("x")
    assert busy.value.retry_after == 7
    with pytest.raises(errors.Invalid) as invalid:
        client.create_run({}, "key-1")
    assert invalid.value.details[0]["loc"] == ["body", "task"]
    run = upstream.add()
    run.finish("failed")
    with pytest.raises(errors.Conflict) as conflict:
        client.cancel_run(run.id)
    assert conflict.value.current_state == "failed"


def test_nobody_at_the_address_is_unavailable_for_reads_and_writes(free_port):
    client = Client(f"http://127.0.0.1:{free_port()}/v1", "k")
    for call in (lambda: client.get_run("x"), lambda: client.cancel_run("x")):
        with pytest.raises(errors.Unavailable) as caught:
            call()
        assert caught.value.code == errors.UNREACHABLE


def test_a_write_whose_answer_is_lost_is_lost_and_is_not_sent_again(upstream, client):
    run = upstream.add()
    run.pause()
    upstream.fail("POST", "/resume", lose="after")
    with pytest.raises(errors.Lost):
        client.resume_run(run.id, "go")
    assert run.status == "running"
    assert upstream.count("POST", "/resume") == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_ends_in_a_broken_server_has_an_unknown_outcome(status, upstream, client):
    run = upstream.add()
    upstream.fail("POST", "/cancel", status=status)
    with pytest.raises(errors.Lost):
        client.cancel_run(run.id)


def test_a_read_survives_a_connection_that_upstream_closed_meanwhile(upstream, client):
    run = upstream.add()
    client.get_run(run.id)
    upstream.cut()
    assert client.get_run(run.id)["id"] == run.id


def test_a_slow_answer_is_given_up(upstream):
    client = Client(upstream.base_url, upstream.key, timeout_seconds=0.2)
    upstream.fail("GET", "/runs/x", delay_seconds=3)
    with pytest.raises(errors.Unavailable, match="in time"):
        client.get_run("x")


def test_a_redirect_is_not_followed_with_the_key(upstream, client):
    with Upstream() as elsewhere:
        upstream.fail("GET", "/runs/x", status=302, location=elsewhere.base_url + "/runs/x")
        with pytest.raises(errors.Unavailable):
            client.get_run("x")
        assert elsewhere.requests == []


def test_every_call_names_the_product_and_carries_the_key_in_one_header(upstream, client):
    client.machines()
    _method, _path, headers = upstream.requests[-1]
    assert headers["user-agent"].startswith("CoastyConsole/")
    assert headers["x-api-key"] == upstream.key
    assert "authorization" not in headers
    assert client.key_kind == "test"


def test_an_id_can_not_leave_its_place_in_the_path(upstream, client):
    with pytest.raises(errors.NotFound):
        client.get_run("../machines?x=")
    assert upstream.requests[-1][1] == "/v1/runs/..%2Fmachines%3Fx%3D"


def test_a_page_is_no_event_stream(upstream, client):
    run = upstream.add()
    run.manner.html = True
    with pytest.raises(errors.Unavailable, match="instead of an event stream"):
        client.open_events(run.id, 0)


@pytest.mark.parametrize("odd", [float("inf"), float("nan"), "deep"])
def test_what_can_not_be_written_as_json_was_certainly_not_sent(upstream, client, odd):
    for _ in range(2_000 if odd == "deep" else 0):
        odd = [odd]
    with pytest.raises(errors.Invalid, match="nothing was sent"):
        client.create_run({"task": "x", "metadata": {"a": odd}}, "key")
    assert not upstream.requests
