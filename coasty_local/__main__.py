"""`python -m coasty_local`: reads the settings, takes the port, says where it listens, serves until told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Sequence

import uvicorn
from starlette.types import ASGIApp

from coasty_local import settings as setup
from coasty_local.runner.pool import Work
from coasty_local.server import app as application
from coasty_local.server.platform import Platform, further_key
from coasty_local.settings import Settings, SettingsError

GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """Uvicorn that ends runs and streams first: it would wait for open streams otherwise."""

    def __init__(self, config: uvicorn.Config, platform: Platform) -> None:
        super().__init__(config)
        self._platform = platform

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.to_thread(self._platform.stop)
        self._platform.hub.close()
        await super().shutdown(sockets)


def main(argv: Sequence[str] | None = None, work: Work | None = None, practice: ASGIApp | None = None) -> int:
    """Run the platform; answers the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        settings, args = setup.from_command_line(argv)
        if args.issue_key:
            print(further_key(settings, args.issue_key, args.grant))
            return 0
        return serve(settings, work, practice)
    except SettingsError as error:
        print(f"coasty_local: {error}", file=sys.stderr)
        return 2


def serve(settings: Settings, work: Work | None = None, practice: ASGIApp | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Raises SettingsError when it can't start."""
    listener = listen(settings.host, settings.port)
    app = application.build(settings, work=work, practice=practice, home=f"{address(listener)}/practice/")
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=GRACE_SECONDS,
                            timeout_keep_alive=75, lifespan="on", server_header=False)  # fmt: skip
    server = Server(config, app.state.platform)
    for sign in (signal.SIGINT, signal.SIGTERM):  # uvicorn takes them over, and raises them again once all is closed
        signal.signal(sign, _leave)
    announce(listener, app.state.platform)
    server.run(sockets=[listener])
    return 0


def _leave(*_: object) -> None:
    """Being told to stop is no failure."""
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """The bound socket. Raises SettingsError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        listener.close()
        why = "is in use: stop what listens there, or choose another with LOCAL_PORT or --port"
        if not isinstance(error, OSError) or error.errno != 98:
            why = f"can't be used: {error}"
        raise SettingsError(f"{host}:{port} {why}.") from error
    return listener


def address(listener: socket.socket) -> str:
    """Where programs of this machine reach it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(listener: socket.socket, platform: Platform) -> None:
    root = address(listener)
    print(
        f"Local platform\n  address   {root}/v1\n  practice  {root}/practice/\n"
        f"  API key   in {platform.key_file}\n  stop      Ctrl-C",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
