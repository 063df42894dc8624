"""`python3 dev …`: reads the command line, sees to the environment, hands over to the command."""
# A Python that is too old reads this file and `errors.py`, to be told so: no syntax newer than 3.6 here,
# and nothing else imported before `check_python`.

import argparse
import os
import sys
from pathlib import Path
from typing import List, Optional, Tuple  # noqa: UP035

ROOT = Path(__file__).resolve().parent.parent
# `python3 dev` searches for modules in `dev/`; `from dev import …` needs its parent instead.
sys.path[:] = [str(ROOT)] + [entry for entry in sys.path if Path(entry).resolve() != ROOT / "dev"]

from dev.errors import Complaint  # noqa: E402

OLDEST, NEWEST = (3, 11), (3, 13)


def check_python(version: Tuple[int, int]) -> None:  # noqa: UP006
    """Complain about a Python the app is not made for."""
    if not OLDEST <= version <= NEWEST:
        what = "too old" if version < OLDEST else "too new for Azure Functions"
        raise Complaint(
            f"Python {version[0]}.{version[1]} is {what}: run this with Python 3.11, 3.12 or 3.13, "
            "say `python3.12 dev up`"
        )
    if os.name != "posix":
        raise Complaint(
            "the local stack runs on Linux and macOS: use WSL, or Core Tools with docker-compose.yml"
        )


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(
        prog="python3 dev", description="Run, test and measure the app on this machine."
    )
    commands = top.add_subparsers(dest="command", metavar="command", required=True)
    up = commands.add_parser("up", help="run everything; stop it with Ctrl-C")
    up.add_argument("--port", type=port, default=7071, help="of the Functions host (default: 7071)")
    up.add_argument(
        "--host", choices=["auto", "func", "local"], default="auto", help="`auto`: func if installed"
    )
    reset = commands.add_parser("reset", help="remove local data, keep what is installed")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    for command in (up, reset):
        command.add_argument("--data", type=Path, default=ROOT / ".dev", help="directory (default: .dev)")
    commands.add_parser("migrate", help="bring the database DATABASE_URL up to date")
    test = commands.add_parser("test", help="check and test everything; arguments go to pytest")
    test.add_argument("--no-checks", action="store_true", help="run pytest only")
    test.add_argument(
        "arguments", nargs="*", help="pytest's; --no-browser leaves out the tests of the console"
    )
    bench = commands.add_parser("bench", help="measure loading, side by side with other loaders")
    bench.add_argument("arguments", nargs="*", help="the benchmark's")
    return top


def port(text: str) -> int:
    """Read a TCP port number."""
    if not (text.isdecimal() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text} is not a port number, 1 to 65535")
    return int(text)


def parse(arguments: List[str]) -> argparse.Namespace:  # noqa: UP006
    """Read the command line; of `test` and `bench`, what is not ours stays as it is in `arguments`."""
    own, rest = arguments, []  # type: Tuple[List[str], List[str]]
    asks_for_help = arguments[1:2] in (["-h"], ["--help"])
    if arguments[:1] == ["bench"] or (arguments[:1] == ["test"] and not asks_for_help):
        own = arguments[:1] + [one for one in arguments[1:] if one == "--no-checks"]
        rest = [one for one in arguments[1:] if one != "--no-checks"]
    options = parser().parse_args(own)
    options.arguments = rest
    return options


def main(arguments: Optional[List[str]] = None) -> int:  # noqa: UP006, UP045
    """Run one command; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        check_python(sys.version_info[:2])
        from dev import commands  # noqa: PLC0415 - an old Python cannot read it

        return commands.run(parse(arguments), arguments)
    except Complaint as complaint:
        print(f"python3 dev: {complaint}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
