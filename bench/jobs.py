"""The commonest jobs, done in a real browser on the whole product from a fresh start; clicks and keys are counted.

    python -m bench.jobs                  all of them, about ten minutes
    python -m bench.jobs pay code undo    some of them
    python -m bench.jobs --docs           writes the counts into docs/jobs.md; without, other counts there are told

An empty folder, `make up`, the agent on the practice site. A table is printed and `bench/out/jobs.json` written. Each
job also asserts what really happened: the practice site's ledger, the state of runs and approvals, the audit log.
Clicks are taps on a phone; a field is a text typed or pasted or a thing chosen. `waited` is what the person waited for
the pages, in seconds; `agent` what the agent and upstream took. Signing in is not counted, going to the place is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import pytest
from playwright.sync_api import sync_playwright

from bench import jobs_deciding, jobs_driving, jobs_ruling, jobs_running, jobs_told
from bench.hands import sign_in
from bench.jobs_desk import Desk, Done
from tests.e2e.driver import Stack

LONGEST = 1500  # seconds for all of them; a job that hangs ends before by its own limits
JOBS = {
    "start": jobs_running.start,
    "pay": jobs_deciding.pay,
    "code": jobs_deciding.code,
    "password": jobs_deciding.password,
    "captcha": jobs_driving.captcha,
    "alike": jobs_deciding.alike,
    "undo": jobs_deciding.undo,
    "again": jobs_running.again,
    "table": jobs_running.table,
    "policy": jobs_ruling.policy,
    "stop": jobs_ruling.stop,
    "case": jobs_running.case,
}


@contextmanager
def desk() -> Iterator[Desk]:
    """The product started in an empty folder, and a browser."""
    with ExitStack() as ends, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        stack = Stack(Path(folder)).start()
        ends.callback(stack.stop)
        driver = ends.enter_context(sync_playwright())
        chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        ends.callback(browser.close)
        yield Desk(stack, lambda name, size: sign_in(stack, browser, name, size))


def do(wanted: Sequence[str]) -> tuple[list[Done], list[str]]:
    """What each took, and what went wrong; a job that fails keeps no other from being done."""
    done: list[Done] = []
    wrong: list[str] = []
    with desk() as at:
        for name in wanted:
            began = time.monotonic()
            try:
                found = JOBS[name](at)
                jobs_told.keep(found)
                done += found
            except (Exception, pytest.fail.Exception):
                wrong.append(f"{name} was not done; what stood on the pages is in bench/out/jobs-{name}-*.png")
                print(traceback.format_exc(), file=sys.stderr)
                at.picture(name)
                at.clear()
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        wrong += [f"a page's console said: {line}" for line in at.noise()]
    return done, wrong


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"not done after {LONGEST} seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(JOBS))
    parser.add_argument("--docs", action="store_true", help="write the counts into docs/jobs.md")
    options = parser.parse_args()
    names = options.names or list(JOBS)
    if strange := set(names) - set(JOBS):
        parser.error(f"no such job: {', '.join(sorted(strange))}; there are {', '.join(JOBS)}")
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST)
    done, wrong = do(names)
    print(jobs_told.table(done))
    if options.docs:
        jobs_told.write_docs(jobs_told.load())
    else:
        wrong += jobs_told.differences(done)
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
