"""The console's files: what is served, how it may be kept, and what its modules never do."""

import re
from pathlib import Path

import pytest

from api.console_files import FOLDER, console_file, console_version
from tests.functions.api.world import ApiWorld

SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir())}
MODULES = {name: text for name, text in SOURCES.items() if name.endswith(".js")}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def world():
    return ApiWorld()


def fetch(world, path, **headers):
    return world.call("GET", path, token=None, headers=headers)


def test_the_page_needs_no_token_and_names_every_module_of_its_version(world):
    answer = fetch(world, "/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    version = console_version()
    assert set(re.findall(rf"/console/{version}/([\w.-]+)", answer.text)) == set(SOURCES) - {"index.html"}
    assert "{{" not in answer.text
    assert "<script>" not in answer.text


def test_the_policy_lets_nothing_run_but_the_consoles_own_modules(world):
    policy = fetch(world, "/").headers["content-security-policy"].split("; ")
    assert policy == [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_of_this_version_is_kept_for_good(world, name, kind):
    answer = fetch(world, f"/console/{console_version()}/{name}")
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_and_files_of_an_older_version_are_asked_for_again(world):
    for path in ("/", "/console/0123456789abcdef/app.js"):
        answer = fetch(world, path)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
        again = fetch(world, path, **{"if-none-match": answer.headers["etag"]})
        assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize(
    "name",
    [
        "../handler.py",
        "..%2Fhandler.py",
        "%2e%2e%2fhandler.py",
        "..",
        ".",
        "handler.py",
        "app.js%00",
        "APP.JS",
        "a/b.js",
    ],
)
def test_nothing_else_of_the_disk_is_ever_served(world, name):
    answer = world.call("GET", f"/console/{console_version()}/{name}")
    assert (answer.status, answer.code) == (404, "route_not_found")


def test_other_methods_find_nothing_there(world):
    assert world.call("POST", "/", {}).status in (404, 405)


def test_all_that_a_browser_loads_stays_below_a_hundred_kilobytes():
    assert sum(len(console_file(name).text.encode()) for name in SOURCES) < 100_000


def test_a_served_line_is_where_it_is_in_the_repository():
    for name, text in MODULES.items():
        assert console_file(name).text.count("\n") == text.count("\n")


def test_no_module_can_turn_text_into_markup_or_script():
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|setHTML|srcdoc|"
        r"\.cookie|javascript:|import\(|https?://(?!www\.w3\.org/2000/svg)(?=[a-z])"
    )
    assert {name: forbidden.findall(text) for name, text in MODULES.items() if forbidden.search(text)} == {}


def words():
    lines = re.search(r"`\n(.*?)`;", SOURCES["words.js"], re.DOTALL)[1].splitlines()
    return [line.split("|") for line in lines]


def test_every_word_stands_once_in_english_and_in_chinese():
    entries = words()
    assert [entry for entry in entries if len(entry) != 3 or not all(entry)] == []
    assert len({entry[0] for entry in entries}) == len(entries)
    marks = re.compile(r"\{\w+\}")
    assert [e for e in entries if sorted(marks.findall(e[1])) != sorted(marks.findall(e[2]))] == []


def test_every_word_that_a_page_asks_for_is_there_and_none_is_left_over():
    known = {entry[0] for entry in words()}
    text = "".join(MODULES[name] for name in MODULES if name != "words.js")
    asked = set(re.findall(r"\bt\('([\w-]+)'", text))
    assert asked - known == set()
    families = ("state_", "choice_", "page_", "kind_", "origin_", "theme_")
    unasked = {key for key in known - asked if not key.startswith(families)}
    assert {key for key in unasked if f"'{key}'" not in text} == set()


def test_every_state_and_origin_of_a_run_has_its_word():
    from carillon.domain.run import Origin, RunState
    from carillon.domain.schedule import ScheduleState

    known = {entry[0] for entry in words()}
    states = {
        f"state_{str(state).lower()}" for state in (*RunState, *ScheduleState) if str(state) != "deleted"
    }
    assert states | {f"origin_{origin}" for origin in Origin} <= known


def test_the_modules_import_only_each_other_and_in_no_circle_of_values():
    for name, text in MODULES.items():
        assert set(re.findall(r"from '\./([\w.-]+)'", text)) <= set(MODULES), name
        assert re.findall(r"from '(?!\./)", text) == [], name


def test_the_page_about_the_console_names_every_page_of_it():
    page = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    for name in re.findall(
        r"^  '?([\w-]+)'?: \(?\w|(?<=, )'?([\w-]+)'?: show\w+", MODULES["app.js"], re.MULTILINE
    ):
        assert f"`#/{''.join(name)}" in page, name
