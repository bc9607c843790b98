"""The prologue: what the API says beforehand about a job at 02:30 on the night on which Berlin's clocks jump."""

from typing import Any, Final

from local.api_client import ApiClient
from local.demo.show import below, title

QUESTION: Final = {
    "expression": "30 2 * * *",
    "zone": "Europe/Berlin",
    "from": "2027-03-27T00:00:00Z",
    "count": 3,
}
# Berlin's clocks go from 02:00 to 03:00 on this night, so that 02:30 is not there: worked out by hand.
EXPECTED: Final = ("2027-03-27T01:30:00Z", "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z")


def foretell(api: ApiClient) -> list[str]:
    """Print the preview; say what is wrong with it, nothing when it is right."""
    answer = api.post("/v1/timetables/preview", QUESTION)
    tell(answer)
    return differences(answer["items"])


def tell(answer: dict[str, Any]) -> None:
    """Print the sentence and the fire times, each with its note below it."""
    title(1, "Beforehand: what a schedule will do when the clocks change")
    print(f"   {QUESTION['expression']}  {answer['sentence']}")
    for item in answer["items"]:
        local, utc = item["local"].replace("T", " "), item["at"][:16].replace("T", " ")
        print(f"   {local[:19]} {local[19:]}  {utc} UTC")
        if item["note"]:
            below(item["note"], 5)


def differences(items: list[dict[str, Any]]) -> list[str]:
    """Say how the fire times of the preview differ from those worked out by hand."""
    found = [f"preview: {item['at']} was not expected" for item in items if item["at"] not in EXPECTED]
    at = {item["at"]: item for item in items}
    found += [f"preview: {moment} is missing" for moment in EXPECTED if moment not in at]
    if EXPECTED[1] in at and not at[EXPECTED[1]]["note"]:
        found.append("preview: nothing is said of the clocks that jump")
    return found
