"""Roles: what they give together, what nobody can hand on, and circles."""

import re
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import carillon.services
from carillon.domain.permission import ACTIONS, Permission
from carillon.domain.rbac import BUILT_IN, Grant, Role, cycle, effective, permits, unheld
from carillon.domain.role_definition import permissions_document, read_role
from carillon.domain.scope import Scope, Subject, matches

NAMES = ["a", "b", "c", "d"]
PEOPLE = ["ada", "eve"]
globs = st.text("ab*", min_size=1, max_size=5)
texts = st.text("ab", max_size=6)
scopes = st.one_of(
    st.just("any"),
    st.just("owner"),
    st.sampled_from(["tag:t=1", "tag:t=2", "tag:u=1"]),
    globs.map("id:{}".format),
).map(Scope.parse)
permissions = st.sampled_from([Permission.READ_RUNS, Permission.TRIGGER_SCHEDULES, Permission.USE_TARGET])
grants = st.builds(Grant, permissions, scopes)
subjects = st.builds(
    Subject,
    texts,
    owner=st.sampled_from([*PEOPLE, ""]),
    tags=st.dictionaries(st.sampled_from("tu"), st.sampled_from("12")),
)


@st.composite
def role_sets(draw):
    """Roles by name, whose inheritance may have circles and gaps."""
    return {
        name: Role(
            name=name,
            grants=tuple(draw(st.lists(grants, max_size=3))),
            inherits=tuple(draw(st.lists(st.sampled_from([*NAMES, "gone", "viewer"]), max_size=2))),
        )
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
    }


@given(role_sets(), st.lists(st.sampled_from(NAMES), max_size=3))
def test_inheritance_gives_exactly_the_union_of_what_is_reached(roles, names):
    reached, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += {**roles, **BUILT_IN}[name].inherits if name in {**roles, **BUILT_IN} else ()
    known = [role for name, role in {**roles, **BUILT_IN}.items() if name in reached]

    assert effective(names, roles) == {grant for role in known for grant in role.grants}


@given(st.lists(grants, max_size=4), grants, subjects, st.sampled_from(PEOPLE))
def test_nobody_can_hand_on_what_they_could_not_do_themselves(held, wanted, subject, receiver):
    giver = "giver"
    if not unheld([wanted], held) and permits([wanted], wanted.permission, subject, receiver):
        assert permits(held, wanted.permission, subject, giver)


@given(grants)
def test_what_is_held_on_anything_may_be_handed_on_in_part(wanted):
    assert unheld([wanted], [Grant(wanted.permission, Scope.parse("any"))]) == ()


def test_ones_own_is_not_anothers_own():
    own = Grant(Permission.READ_RUNS, Scope.parse("owner"))
    assert unheld([own], [own]) == (own,)


@given(globs, texts)
def test_a_glob_matches_as_a_regular_expression_would(glob, text):
    import re

    assert matches(glob, text) == bool(re.fullmatch(glob.replace("*", ".*"), text))


def test_a_glob_of_many_stars_takes_no_time():
    assert not matches("*a" * 100 + "b", "a" * 5000)


@given(role_sets())
def test_a_circle_is_named_from_the_role_back_to_itself(roles):
    for role in roles.values():
        way = cycle(role, roles)
        if way is None:
            assert role.name not in beneath(role, roles)
        else:
            assert way[0] == way[-1] == role.name
            for name, parent in pairwise(way):
                assert parent in roles[name].inherits


def beneath(role, roles):
    """Names of the roles that can be reached from what the role inherits."""
    found, waiting = set(), list(role.inherits)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += roles[name].inherits if name in roles else ()
    return found


def test_a_circle_says_which_way_it_goes():
    roles = {
        name: Role(name=name, inherits=(parent,)) for name, parent in (("a", "b"), ("b", "c"), ("c", "a"))
    }
    assert cycle(roles["a"], roles) == ("a", "b", "c", "a")


def test_the_built_in_roles_give_what_their_names_promise():
    gives = {name: {grant.permission for grant in effective([name], {})} for name in BUILT_IN}
    assert gives["admin"] == set(Permission)
    assert all(permission.action == "read" for permission in gives["viewer"])
    assert gives["viewer"] < gives["editor"] < gives["admin"]
    assert gives["viewer"] < gives["operator"] < gives["admin"]
    for name in ("viewer", "editor", "operator"):
        assert not {p for p in gives[name] if p.resource in ("users", "roles", "audit", "target")}


def test_an_editor_writes_only_what_is_theirs():
    grants = effective(["editor"], {})
    for permission in Permission:
        if permission.action == "read":
            continue
        assert not permits(grants, permission, Subject("x", owner="eve"), "ada")


def test_every_permission_names_a_resource_and_an_action():
    assert {f"{resource}:{action}" for resource, actions in ACTIONS.items() for action in actions} == set(
        map(str, Permission)
    )


def test_every_permission_is_asked_for_by_a_service():
    (folder,) = carillon.services.__path__
    asking = "".join(path.read_text() for path in Path(folder).glob("*.py"))
    assert set(re.findall(r"Permission\.([A-Z_]+)", asking)) == {each.name for each in Permission}


@given(st.lists(grants, max_size=6))
def test_a_role_is_read_as_it_is_shown(wanted):
    document = {"role": "r", "permissions": permissions_document(wanted)}
    assert set(read_role(document).grants) == set(wanted)


def test_every_action_is_written_out_when_the_role_is_saved():
    role = read_role({"role": "r", "permissions": [{"resource": "users", "actions": ["*"], "scope": "any"}]})
    assert {grant.permission.action for grant in role.grants} == set(ACTIONS["users"])
