"""The table of states on a real database: every move from every state, allowed or refused."""

from __future__ import annotations

import sqlite3

import pytest

from coasty_local import wire
from coasty_local.runner.lives import Lives
from coasty_local.store import keys, runs, states
from coasty_local.store.database import Database

# how a run gets into each state
WAYS = {
    "queued": (), "running": ("start",), "awaiting_human": ("start", "park"), "succeeded": ("start", "succeed"),
    "failed": ("start", "fail"), "cancelled": ("cancel",), "timed_out": ("expire",),
}  # fmt: skip


def _run(db: Database, status: str, mode: str = "test", **fields: object) -> str:
    at, run_id = wire.now(), wire.run_id()
    values = dict.fromkeys(runs.COLUMNS) | {
        "id": run_id, "mode": mode, "status": "queued", "machine_id": "m", "task": "t", "cua_version": "v3",
        "max_steps": 3, "on_awaiting_human": "pause", "created_at": at, "request_id": "r", **fields,
    }  # fmt: skip
    with db.write() as tx:
        runs.insert(tx, values)
        for name in WAYS[status]:
            assert runs.move(tx, run_id, name, at)
    return run_id


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return Database(tmp_path_factory.mktemp("store") / "x.sqlite3")


@pytest.mark.parametrize("status", states.ALL)
@pytest.mark.parametrize("name", sorted(states.MOVES))
def test_a_move_happens_exactly_where_the_table_allows_it(db: Database, status: str, name: str) -> None:
    run_id = _run(db, status)
    before = dict(runs.get(db, run_id))
    with db.write() as tx:
        moved = runs.move(tx, run_id, name, wire.now())
    after = dict(runs.get(db, run_id))
    assert moved is states.may(name, status)
    assert after["status"] == (states.MOVES[name][1] if moved else status)
    assert moved or after == before
    assert (after["finished_at"] is None) is (after["status"] in states.LIVE)


def test_the_table_never_leaves_a_final_state() -> None:
    assert not {source for sources, _ in states.MOVES.values() for source in sources} & set(states.TERMINAL)


@pytest.mark.parametrize("status", states.TERMINAL)
def test_the_database_itself_refuses_to_change_a_final_state(db: Database, status: str) -> None:
    run_id = _run(db, status)
    with pytest.raises(sqlite3.IntegrityError), db.write() as tx:
        tx.run("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = ?", (run_id,))
    assert runs.get(db, run_id)["status"] == status


@pytest.mark.parametrize("status", [status for status in states.ALL if status != "running"])
def test_only_a_running_run_logs_what_its_agent_does(db: Database, status: str) -> None:
    lives = Lives(db, lambda run_id: None, lambda: None)
    run_id = _run(db, status)
    assert not lives.emit(run_id, "text", {"text": "x"})
    assert lives.step(run_id) is None
    assert runs.events_after(db, run_id, 0) == []


def test_the_state_is_committed_before_anybody_is_told(db: Database) -> None:
    seen: list[str] = []
    lives = Lives(db, lambda run_id: seen.append(runs.get(db, run_id)["status"]), lambda: None)
    run_id = _run(db, "queued")
    lives.start(run_id)
    lives.park(run_id, "why?")
    lives.resume(run_id, 1, None)
    lives.end(run_id, "succeed")
    assert seen == ["running", "awaiting_human", "running", "succeeded"]


def test_an_answer_to_an_earlier_pause_does_not_resume_a_later_one(db: Database) -> None:
    lives = Lives(db, lambda run_id: None, lambda: None)
    run_id = _run(db, "running")
    lives.park(run_id, "first")
    assert lives.resume(run_id, 1, None)
    lives.park(run_id, "second")
    assert lives.resume(run_id, 1, None) is None
    assert lives.end(run_id, "give_up", pause=1) is None
    assert lives.end(run_id, "give_up", pause=2)


def test_steps_of_live_runs_are_paid_from_the_wallet_until_it_is_dry(db: Database) -> None:
    keys.open_wallet(db, 12)
    lives = Lives(db, lambda run_id: None, lambda: None)
    run_id = _run(db, "running", mode="live")
    bills = [lives.step(run_id) for _ in range(3)]
    assert [bill and bill["cost_cents"] for bill in bills] == [5, 10, None]
    assert (keys.balance(db), runs.get(db, run_id)["steps_completed"]) == (2, 2)


def test_a_failed_transaction_leaves_nothing_and_tells_nobody(db: Database) -> None:
    told: list[str] = []
    lives = Lives(db, told.append, lambda: None)

    def refuse(*_: object) -> None:
        raise LookupError

    at = wire.now()
    values = dict.fromkeys(runs.COLUMNS) | {
        "id": "gone", "mode": "test", "status": "queued", "machine_id": "m", "task": "t", "cua_version": "v3",
        "max_steps": 3, "on_awaiting_human": "pause", "created_at": at, "request_id": "r",
    }  # fmt: skip
    with pytest.raises(LookupError):
        lives.create(values, refuse)
    assert (runs.find(db, "gone", "test"), told) == (None, [])
