"""The server alone: a long answer waits for its reader, and what is half asked holds up no end."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
import requests

from tests.api.console import ROOT
from tests.conftest import find_free_port, wait_until

pytestmark = pytest.mark.slow
PART, PARTS = 65_536, 800
SERVER = f"""
import asyncio
import sys
import django
django.setup()
from asgiref.sync import async_to_sync, sync_to_async
from daphne.endpoints import build_endpoint_description_strings
from coasty_console import intake, serving
made = 0

async def application(scope, receive, send):
    global made
    await receive()
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    if scope["path"] == "/made":
        await send({{"type": "http.response.body", "body": str(made).encode()}})
        return
    if scope["path"] == "/slow":
        made = 0
        await sync_to_async(async_to_sync(asyncio.sleep))(1)  # as a view does that asks for something of the loop
    for made in range(1, {PARTS} + 1):
        await send({{"type": "http.response.body", "body": b"x" * {PART}, "more_body": True}})
    await send({{"type": "http.response.body", "body": b"the end"}})

intake.install()
where = build_endpoint_description_strings(host="127.0.0.1", port=int(sys.argv[1]))
told = lambda: print("ready", flush=True)
serving._Console(application=application, endpoints=where, ready_callable=told, verbosity=0).run()
"""


@pytest.fixture(scope="module")
def server():
    port = find_free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process, ("127.0.0.1", port)
        process.kill()


@pytest.fixture
def address(server):
    return server[1]


def made(address):
    return int(requests.get(f"http://{address[0]}:{address[1]}/made", timeout=20).text)


def test_what_is_not_read_is_not_made_and_all_of_it_comes_in_the_end(address):
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PART)
        reader.connect(address)
        reader.sendall(b"GET /long HTTP/1.0\r\n\r\n")
        wait_until(lambda: (first := made(address)) and first == made(address))
        assert made(address) < PARTS / 2
        whole = b"".join(iter(lambda: reader.recv(1_000_000), b""))
    assert whole.endswith(b"x" * PART + b"the end")
    assert whole.count(b"x") == PART * PARTS
    assert made(address) == PARTS


def test_a_reader_who_leaves_stops_it(address):
    with socket.socket() as reader:
        reader.connect(address)
        reader.sendall(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert reader.recv(100)
    wait_until(lambda: made(address) == PARTS)  # into nothing: nobody holds it up any more


def test_a_half_request_does_not_keep_it_from_ending_while_another_is_answered(server):
    process, address = server
    with socket.create_connection(address) as half, socket.create_connection(address) as slow:
        half.sendall(b"POST /long HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: made(address) == 0)
        process.terminate()
        assert process.wait(20) == 0
