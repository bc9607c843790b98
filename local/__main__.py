"""The laptop cloud's command line: up, demo, invoke, chaos."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from local.template import TemplateError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    if options.command is None:
        _parser().print_help()
        return 2
    # A terminated cloud ends as an interrupted one does: in order, with nothing left running.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.")
        return 130
    except (TemplateError, RuntimeError, OSError) as error:
        print(f"The laptop cloud cannot go on: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    """Start one command; each is imported when it is wanted, so that `--help` answers at once."""
    if options.command == "up":
        from local.up import up  # noqa: PLC0415

        return up(options.port)
    if options.command == "demo":
        from local.demo import demo  # noqa: PLC0415

        return demo(options.seconds)
    if options.command == "chaos":
        return _chaos(options)
    from local.invoke import invoke  # noqa: PLC0415

    return invoke(options.function, options.event)


def _chaos(options: argparse.Namespace) -> int:
    if options.once:
        from local.chaos import chaos  # noqa: PLC0415

        return chaos()
    from local.storm import storm  # noqa: PLC0415

    return storm(options.runs, options.seconds, options.seed)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from {least} to {most}")
        return int(text)

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="Carillon's whole stack on this machine."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    up = commands.add_parser("up", help="keep the stack running until Ctrl-C")
    up.add_argument(
        "--port", type=_whole(0, 65535), default=8080, help="the API's port, if it is free (default 8080)"
    )
    demo = commands.add_parser("demo", help="run the self-checking tour; takes about two minutes")
    demo.add_argument(
        "--seconds",
        type=_whole(1, 3600),
        default=75,
        help="how long schedules fire, 65 at least (default 75)",
    )
    invoke = commands.add_parser("invoke", help="run one function on one event and print its answer and logs")
    invoke.add_argument(
        "function", help="tick, worker, api, deadletter, archive, follow, completion or operator"
    )
    invoke.add_argument("event", type=Path, help="a file with the event, such as events/tick.json")
    chaos = commands.add_parser("chaos", help="kill workers while runs execute; every run must still succeed")
    chaos.add_argument(
        "--runs", type=_whole(1, 1000), default=200, help="how many runs are due (default 200)"
    )
    chaos.add_argument(
        "--seconds", type=_whole(1, 3600), default=60, help="how long workers are killed (default 60)"
    )
    chaos.add_argument("--seed", type=int, default=1, help="which worker is killed when")
    chaos.add_argument("--once", action="store_true", help="kill once, in mid-run, and tell that run's story")
    return parser


if __name__ == "__main__":
    sys.exit(main())
