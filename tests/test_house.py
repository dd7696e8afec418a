"""The house rules that a reader relies on, checked on the files themselves."""

from __future__ import annotations

import ast
import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINES = 400


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns], cwd=ROOT, capture_output=True)
    found = [ROOT / line for line in listed.stdout.decode().splitlines()]
    return [path for path in found if path.exists() and path.stat().st_size]


def code() -> list[Path]:
    outside = ("tests", "bench", "deploy")
    return [p for p in tracked("*.py") if p.relative_to(ROOT).parts[0] not in outside and "migrations" not in p.parts]


def test_no_file_is_longer_than_a_reader_holds_in_mind() -> None:
    files = tracked("*.py", "*.js", "*.css", "*.html")
    assert len(files) > 50
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > LINES}
    assert not long


def test_every_module_says_what_it_owns() -> None:
    assert not [str(p) for p in code() if p.name != "__init__.py" and not ast.get_docstring(ast.parse(p.read_text()))]


def test_no_module_is_named_after_a_pattern() -> None:
    vague = {"services", "utils", "helpers", "core", "common", "selectors"}
    assert not [str(p) for p in code() if p.stem in vague or vague & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("app", ["runs", "approvals"])
def test_a_fragment_has_one_root_named_as_its_file(app: str) -> None:
    wrong = []
    for path in (ROOT / "templates" / app).glob("_*.html"):
        stem = path.stem.lstrip("_").replace("_", "-")
        first = re.search(
            r"<\w+[^>]*?>", re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
        )
        named = re.search(r'\bid="([^"]+)"', first.group()) if first else None
        if not named or not named.group(1).startswith(stem):
            wrong.append(f"{path.name}: its root's id must start with {stem!r}")
    assert not wrong


def test_a_control_that_is_off_says_why() -> None:
    silent = []
    for path in tracked("templates/**/*.html"):
        shown = re.sub(r"{%.*?%}", lambda tag: re.sub(r'[<>"]', "", tag.group()), path.read_text(), flags=re.S)
        for tag in re.findall(r"<(?:button|input|select|textarea)\b[^>]*>", shown):
            off = re.search(r"(?<![\w-])disabled(?![\w=-])", re.sub(r'"[^"]*"', '""', tag))
            if off and not re.search(r"\b(?:title|aria-describedby|aria-pressed)=", tag):
                silent.append(f"{path.name}: {tag[:120]}")
    assert not silent


def test_all_scripts_together_stay_small() -> None:
    import django_htmx

    shipped = Path(django_htmx.__file__).parent / "static" / "django_htmx"
    files = [*tracked("static/*.js"), shipped / "htmx-2.min.js", shipped / "ext" / "hx-ws-2.min.js"]
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in files}
    assert len(sizes) > 8
    assert sum(sizes.values()) < 120_000, sizes


def settings_read() -> set[str]:
    found = set()
    for path in [*code(), ROOT / "deploy" / "setup"]:
        text = path.read_text()
        found |= set(re.findall(r'(?:env\.\w+|flag|integer)\(\s*"([A-Z][A-Z_]+)"', text))
        found |= set(re.findall(r'os\.environ(?:\.get\(|\[)"([A-Z][A-Z_]+)"', text))
    return found - {"DJANGO_SETTINGS_MODULE", "HOME", "PATH", "PYTHONPATH"}


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    read = settings_read()
    assert {"CONSOLE_PORT", "DATA_DIR"} <= read
    assert not [name for name in sorted(read) if f"`{name}`" not in page]


def test_shared_rows_are_never_saved_whole() -> None:
    wrong = []
    for path in code():
        if path.parts[-2:] == ("commands", "add_person.py") or path.parent.name == "models":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if is_whole_save(node):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not [place for place in wrong if "form" not in place and "people" not in place]


def is_whole_save(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save"):
        return False
    return not node.args and not any(keyword.arg == "update_fields" for keyword in node.keywords)


def test_upstream_is_spoken_to_through_one_package_only() -> None:
    for path in code():
        top = path.relative_to(ROOT).parts[0]
        if top in {"coasty_api", "coasty_local"}:
            continue
        names = {n for node in ast.walk(ast.parse(path.read_text())) for n in imported(node)}
        assert not names & {"requests", "sseclient", "httpx"}, path


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module.split(".")[0]}
    return set()


def test_only_live_uses_the_channel_layer() -> None:
    for path in code():
        if path.relative_to(ROOT).parts[0] != "live":
            assert "get_channel_layer" not in path.read_text(), path


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo"], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode()


def test_no_migration_is_missing() -> None:
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
