"""`python -m tests.faults.outage [schedules]`: the outage over 1,000 schedules, as a table."""

import sys
from time import process_time

from tests.faults.outage.campaign import OUTAGE, Campaign

HEADINGS = (
    "tick",
    "due",
    "rows",
    "transactions",
    "messages",
    "fire times evaluated",
    "dates asked",
    "calendar reads",
)


def main():
    schedules = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    campaign, began = Campaign(schedules), process_time()
    outcome = campaign.run()
    print(
        f"{OUTAGE.days} days without a tick, {schedules} schedules, {process_time() - began:.1f} s of CPU\n"
    )
    print("| " + " | ".join(HEADINGS) + " |\n" + "|---" * len(HEADINGS) + "|")
    for work in outcome.ticks:
        cells = (
            work.due,
            work.rows,
            work.transactions,
            work.messages,
            work.walked,
            work.days,
            work.calendar_reads,
        )
        print(f"| {work.name} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    print(f"\nFire times by what became of them, {sum(outcome.outcomes.values()):,} in all:")
    for reason, count in outcome.outcomes.most_common():
        print(f"  {reason:<10} {count:>12,}")
    print("\nCatch-ups that may start, minute by minute:", *outcome.starts_by_minute_in_order())
    print(f"\n{len(outcome.complaints)} not accounted for as the policies say")
    print("\n".join(outcome.complaints[:20]))
    return 1 if outcome.complaints else 0


sys.exit(main())
