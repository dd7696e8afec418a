"""`python -m coasty_local.practice --port 8790`: the portal alone, to look at."""

from __future__ import annotations

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from coasty_local.practice import site


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m coasty_local.practice", description=__doc__)
    parser.add_argument("--port", type=int, default=8790)
    port = parser.parse_args().port
    uvicorn.run(Starlette(routes=[Mount("/practice", site.build())]), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
