"""Starts the local platform and the console, says where they are, and stops both on Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import sys
import time
from typing import Any

from processes import (
    Children,
    Refused,
    address,
    block,
    check_port,
    check_upstream,
    load_settings,
    prepare,
    stop_asked,
    wait_until_ready,
)


def start(children: Children, settings: Any) -> None:
    s = settings
    check_port("CONSOLE_PORT", s.CONSOLE_PORT)
    urls = [f"{address(s.CONSOLE_HOST, s.CONSOLE_PORT)}healthz"]
    if s.UPSTREAM_IS_LOCAL:
        check_port("LOCAL_PORT", s.LOCAL_PORT)
        children.start("local platform", "-m", "coasty_local")
        urls.append(f"http://127.0.0.1:{s.LOCAL_PORT}/v1/health")
    elif s.COASTY_API_KEY:
        check_upstream(s.UPSTREAM_BASE_URL, s.COASTY_API_KEY)
    prepare()
    children.start("console", "manage.py", "serve")
    wait_until_ready(children, urls)


def watch(children: Children) -> None:
    while True:
        if name := children.dead():
            raise Refused(f"The {name} stopped by itself: {children.last_words(name)}")
        time.sleep(0.5)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a script's background job would ignore the first otherwise
        signal.signal(number, stop_asked)
    began = time.monotonic()
    children = None
    try:
        settings = load_settings()
        logs = settings.DATA_DIR / "log"
        logs.mkdir(exist_ok=True)
        children = Children(logs)
        start(children, settings)
        met = [address(settings.CONSOLE_HOST, settings.CONSOLE_PORT)]
        print(block(settings, met, time.monotonic() - began, platform=settings.UPSTREAM_IS_LOCAL), flush=True)
        watch(children)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("\nStopping.", flush=True)
        return 0
    except Refused as refused:
        print(f"up: {refused}", file=sys.stderr)
        return 1
    except Exception as error:
        print(f"up: {error}", file=sys.stderr)
        return 1
    finally:
        if children:
            children.stop()


if __name__ == "__main__":
    sys.exit(main())
