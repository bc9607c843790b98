"""Attacks with bodies, headers and addresses that were not meant."""

import base64
import json

from tests.attacks.attack import attack
from tests.attacks.fortress import Fortress
from tests.functions.api.world import MINIMAL

BAD = "400 invalid_input"


def entered(identity, what, expected):
    return attack(identity, what, expected, on=Fortress)


def posted(victim, text, path="/v1/schedules", **more):
    return victim.call("POST", path, text=text, **more)


def nested(levels):
    return "[" * levels + "]" * levels


@entered("INPUT-01", "a body of a megabyte", "413 body_too_large")
def _(victim):
    return posted(victim, json.dumps({**MINIMAL, "description": "x" * 1_048_576}))


@entered("INPUT-02", "a body of a megabyte without a token", "413 body_too_large")
def _(victim):
    return posted(victim, "x" * 1_048_576, token=None)


@entered("INPUT-03", "a hundred thousand brackets", "400 nesting_too_deep")
def _(victim):
    return posted(victim, "[" * 100_000)


@entered("INPUT-04", "a hundred levels", "400 nesting_too_deep")
def _(victim):
    return posted(victim, nested(100))


@entered("INPUT-05", "a key twice, for two readers to disagree", "400 duplicate_key")
def _(victim):
    return posted(victim, '{"schedule_id": "a", "schedule_id": "b"}')


@entered("INPUT-06", "NaN", "400 not_a_number")
def _(victim):
    return posted(victim, '{"a": NaN}')


@entered("INPUT-07", "Infinity", "400 not_a_number")
def _(victim):
    return posted(victim, '{"a": -Infinity}')


@entered("INPUT-08", "a number of ten thousand digits", "400 number_too_large")
def _(victim):
    return posted(victim, '{"a": ' + "9" * 10_000 + "}")


@entered("INPUT-09", "half a surrogate", "400 invalid_json")
def _(victim):
    return posted(victim, '{"description": "\\ud800"}')


@entered("INPUT-10", "bytes that are no UTF-8", "400 invalid_json")
def _(victim):
    return posted(victim, base64.b64encode(b'{"a": "\xff"}').decode(), isBase64Encoded=True)


@entered("INPUT-11", "a form in place of JSON", "415 unsupported_media_type")
def _(victim):
    form = {"content-type": "application/x-www-form-urlencoded"}
    return posted(victim, "schedule_id=etl", headers=form)


@entered("INPUT-12", "an XML document with an entity", "415 unsupported_media_type")
def _(victim):
    return posted(
        victim, "<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>", headers={"content-type": "text/xml"}
    )


@entered("INPUT-13", "an owner of one's choice in the body", BAD)
def _(victim):
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "owner": "vera"})


@entered("INPUT-14", "a state of one's choice in the body", BAD)
def _(victim):
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "state": "active", "head_version": 99})


@entered("INPUT-15", "an id that climbs out of its folder", BAD)
def _(victim):
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "../../users/admin"})


@entered("INPUT-16", "an id with a separator of keys", BAD)
def _(victim):
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "etl@2026#x"})


@entered("INPUT-17", "an id with letters that look like others", BAD)
def _(victim):
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "раyroll"})


@entered("INPUT-18", "a header with a line break in a target", BAD)
def _(victim):
    target = {"kind": "http", "url": "https://example.com/", "headers": {"X": "a\r\nHost: evil"}}
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "x", "job": {"target": target}})


@entered("INPUT-19", "a target on the loopback's metadata in disguise", BAD)
def _(victim):
    target = {"kind": "http", "url": "http://[::ffff:169.254.169.254]/latest"}
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "x", "job": {"target": target}})


@entered("INPUT-20", "a file as a target", BAD)
def _(victim):
    target = {"kind": "http", "url": "file:///etc/passwd"}
    return victim.call("POST", "/v1/schedules", {**MINIMAL, "schedule_id": "x", "job": {"target": target}})


@entered("INPUT-21", "a cursor of one's own making", BAD)
def _(victim):
    forged = base64.urlsafe_b64encode(b"x" * 16 + b'{"shard":0,"key":null}').decode()
    return victim.call("GET", f"/v1/schedules?cursor={forged}")


@entered("INPUT-22", "a cursor of another list", BAD)
def _(victim):
    cursor = victim.call("GET", "/v1/schedules?limit=1").json["next_cursor"]
    return victim.call("GET", f"/v1/users?cursor={cursor}")


@entered("INPUT-23", "a million at once", BAD)
def _(victim):
    return victim.call("GET", "/v1/schedules?limit=1000000")


@entered("INPUT-24", "a parameter that would be ignored", BAD)
def _(victim):
    return victim.call("GET", "/v1/schedules?owned_by=admin")


@entered("INPUT-25", "an ETag that is none", BAD)
def _(victim):
    return victim.call("DELETE", "/v1/schedules/etl", headers={"if-match": "*"})


@entered("INPUT-26", "an edit without the version that was read", "428 precondition_required")
def _(victim):
    return victim.call("DELETE", "/v1/schedules/etl")


@entered("INPUT-27", "an edit over somebody else's", "412 version_mismatch")
def _(victim):
    return victim.call("DELETE", "/v1/schedules/etl", headers={"if-match": '"99"'})


@entered("INPUT-28", "an expression of ten thousand characters", BAD)
def _(victim):
    document = {**MINIMAL, "schedule_id": "x", "timetable": {"expression": "0 0 1 1 " + "1," * 5000 + "1"}}
    return victim.call("POST", "/v1/schedules", document)


@entered("INPUT-29", "a run's id with a schedule of another's in it", "404 run_not_found")
def _(victim):
    return victim.call("GET", "/v1/runs/etl@20261122T020000Z%2F..%2Fpayroll")


@entered("INPUT-30", "a document where an object must be", BAD)
def _(victim):
    return posted(victim, "[]")


@entered("INPUT-31", "a body that is base64 in name only", "400 invalid_json")
def _(victim):
    return posted(victim, "no base64!", isBase64Encoded=True)


@entered("INPUT-32", "an unfinished escape in an address", "404 schedule_not_found")
def _(victim):
    return victim.call("GET", "/v1/schedules/%zz")
