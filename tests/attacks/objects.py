"""Attacks on objects of others: schedules, runs, targets; by id, by list, by tag."""

from tests.attacks.attack import attack, job

NO = "403 forbidden"


def write(victim, name, verb, schedule_id="etl-1", document=None):
    method, path = ("POST", f"/{verb}") if verb.islower() else (verb, "")
    return victim.by(
        name, method, f"/v1/schedules/{schedule_id}{path}", document, headers={"if-match": '"1"'}
    )


@attack("OBJECT-01", "pausing another editor's schedule", NO)
def _(victim):
    victim.schedule()
    return write(victim, "eve", "pause")


@attack("OBJECT-02", "resuming another editor's schedule", NO)
def _(victim):
    victim.schedule()
    return write(victim, "eve", "resume")


@attack("OBJECT-03", "triggering another editor's schedule", NO)
def _(victim):
    victim.schedule()
    return write(victim, "eve", "trigger")


@attack("OBJECT-04", "deleting another editor's schedule", NO)
def _(victim):
    victim.schedule()
    return write(victim, "eve", "DELETE")


@attack("OBJECT-05", "editing another editor's schedule", NO)
def _(victim):
    document = victim.schedule()
    return write(victim, "eve", "PUT", document=document)


@attack("OBJECT-06", "naming oneself the owner", "still ed's")
def _(victim):
    document = {**victim.schedule(), "owner": "eve"}
    answer = victim.by("ed", "PUT", "/v1/schedules/etl-1", document, headers={"if-match": '"1"'})
    return f"still {victim.database.heads['etl-1'].owner}'s" if answer.status in (200, 400) else answer


@attack("OBJECT-07", "cancelling a run of another's schedule", NO)
def _(victim):
    victim.schedule()
    run = write(victim, "ed", "trigger").json["run_id"]
    return victim.by("eve", "POST", f"/v1/runs/{run}/cancel")


@attack("OBJECT-08", "completing a run of another's schedule", NO)
def _(victim):
    victim.schedule()
    run = write(victim, "ed", "trigger").json["run_id"]
    return victim.by("eve", "POST", f"/v1/runs/{run}/complete", {})


@attack("OBJECT-09", "retrying a run of another's schedule", NO)
def _(victim):
    victim.schedule()
    run = write(victim, "ed", "trigger").json["run_id"]
    return victim.by("eve", "POST", f"/v1/runs/{run}/retry")


@attack("OBJECT-10", "reading a schedule outside one's tag", NO)
def _(victim):
    victim.schedule(tags={"team": "data"})
    victim.role("finance", "schedules:read tag:team=finance")
    victim.give("nina", "finance")
    return victim.by("nina", "GET", "/v1/schedules/etl-1")


@attack("OBJECT-11", "reading runs of a schedule outside one's ids", NO)
def _(victim):
    victim.schedule()
    victim.role("reports", "runs:read id:report-*")
    victim.give("nina", "reports")
    return victim.by("nina", "GET", "/v1/schedules/etl-1/runs")


@attack("OBJECT-12", "reading one run by its guessable id", NO)
def _(victim):
    victim.schedule()
    run = write(victim, "ed", "trigger").json["run_id"]
    victim.role("reports", "runs:read id:report-*")
    victim.give("nina", "reports")
    return victim.by("nina", "GET", f"/v1/runs/{run}")


@attack("OBJECT-13", "reading the output of another's run", NO)
def _(victim):
    victim.schedule()
    run = write(victim, "ed", "trigger").json["run_id"]
    victim.role("reports", "runs:read owner")
    victim.give("nina", "reports")
    return victim.by("nina", "GET", f"/v1/runs/{run}/output")


@attack("OBJECT-14", "a list shows what its reader may not see", "only data")
def _(victim):
    for number in range(9):
        team = "data" if number % 3 == 0 else "finance"
        victim.schedule(schedule_id=f"job-{number}", tags={"team": team})
    victim.role("data", "schedules:read tag:team=data")
    victim.give("nina", "data")
    seen, path = [], "/v1/schedules?limit=2"
    while path:
        page = victim.by("nina", "GET", path).json
        seen += [item["schedule_id"] for item in page["items"]]
        path = page["next_cursor"] and f"/v1/schedules?limit=2&cursor={page['next_cursor']}"
    return "only data" if sorted(seen) == ["job-0", "job-3", "job-6"] else seen


@attack("OBJECT-15", "learning from the answer whether an id exists", "the same")
def _(victim):
    victim.schedule()
    victim.role("own", "schedules:read owner", "schedules:pause owner")
    victim.give("nina", "own")
    answers = [victim.by("nina", "GET", f"/v1/schedules/{each}") for each in ("etl-1", "etl-2")]
    told = [(answer.status, answer.json["detail"].replace("etl-2", "etl-1")) for answer in answers]
    return "the same" if told[0] == told[1] else told


@attack("OBJECT-16", "tagging a schedule into the reach of one's own tag", NO)
def _(victim):
    document = victim.schedule(tags={"team": "finance"})
    victim.role("data", "schedules:edit tag:team=data", "target:use any")
    victim.give("nina", "data")
    return write(victim, "nina", "PUT", document={**document, "tags": {"team": "data"}})


@attack("OBJECT-17", "tagging a schedule out of one's reach, into another team's", NO)
def _(victim):
    document = victim.schedule(tags={"team": "data"})
    victim.role("data", "schedules:edit tag:team=data", "target:use any")
    victim.give("nina", "data")
    return write(victim, "nina", "PUT", document={**document, "tags": {"team": "finance"}})


@attack("OBJECT-18", "creating a schedule outside the ids one was given", NO)
def _(victim):
    victim.role("makers", "schedules:create id:report-*", "target:use any")
    victim.give("nina", "makers")
    document = {
        "schedule_id": "etl-9",
        "timetable": {"expression": "@daily"},
        "job": job("https://a.example.com"),
    }
    return victim.by("nina", "POST", "/v1/schedules", document)


@attack("OBJECT-19", "calling a host that one may not use", NO)
def _(victim):
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": job("https://internal.example.net/")}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-20", "a host that only ends like the one that is allowed", NO)
def _(victim):
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": job("https://evilexample.com/")}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-21", "the allowed host in the path of another", NO)
def _(victim):
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": job("https://evil.net/api.example.com")}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-22", "moving a schedule to a forbidden host by an edit", NO)
def _(victim):
    document = {**victim.schedule(), "job": job("https://internal.example.net/")}
    return victim.by("ed", "PUT", "/v1/schedules/etl-1", document, headers={"if-match": '"1"'})


@attack("OBJECT-23", "a built-in task that one may not use", NO)
def _(victim):
    target = {
        "kind": "python",
        "task": "delete-old-objects",
        "arguments": {"bucket": "b", "prefix": "", "days": 1},
    }
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": {"target": target}}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-24", "a forbidden host in a compensation", NO)
def _(victim):
    undo = {"target": {"kind": "http", "url": "https://internal.example.net/"}}
    document = {
        **victim.schedule(),
        "schedule_id": "etl-2",
        "job": {**job("https://api.example.com/"), "compensate": undo},
    }
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-25", "a forbidden host in a step", NO)
def _(victim):
    steps = {"a": job("https://api.example.com/"), "b": job("https://internal.example.net/")}
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": {"steps": steps}}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-26", "a host that is only known when the job runs", "400 invalid_input")
def _(victim):
    target = {"kind": "http", "url.$": "steps.a.output.url"}
    steps = {"a": job("https://api.example.com/"), "b": {"target": target, "needs": ["a"]}}
    document = {**victim.schedule(), "schedule_id": "etl-2", "job": {"steps": steps}}
    return victim.by("ed", "POST", "/v1/schedules", document)


@attack("OBJECT-27", "sending a dead letter again as an editor", NO)
def _(victim):
    return victim.by("ed", "POST", "/v1/dead-letters/abc/redrive")
