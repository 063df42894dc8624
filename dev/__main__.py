"""`python3 dev …`: parse the command line and run the command."""
# A Python that is too old must be able to read this file and `errors.py`, and print which version is
# needed: no syntax newer than 3.6 here, and no other import of `dev` before `check_python`.

import argparse
import os
import sys
from pathlib import Path
from typing import List, Optional, Tuple  # noqa: UP035

ROOT = Path(__file__).resolve().parent.parent
# `python3 dev` searches for modules in `dev/`; `from dev import …` needs its parent instead.
sys.path[:] = [str(ROOT)] + [entry for entry in sys.path if Path(entry).resolve() != ROOT / "dev"]

from dev.errors import UsageError  # noqa: E402

OLDEST, NEWEST = (3, 11), (3, 13)


def check_python(version: Tuple[int, int]) -> None:  # noqa: UP006
    """Raise `UsageError` for a Python version or an operating system that is not supported."""
    if not OLDEST <= version <= NEWEST:
        problem = "too old" if version < OLDEST else "too new for Azure Functions"
        raise UsageError(
            f"Python {version[0]}.{version[1]} is {problem}: use Python 3.11, 3.12 or 3.13, "
            "for example `python3.12 dev up`"
        )
    if os.name != "posix":
        raise UsageError(
            "the local stack runs on Linux and macOS: use WSL, or Core Tools with docker-compose.yml"
        )


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="python3 dev", description="Run, test and measure the app on this machine."
    )
    commands = top.add_subparsers(dest="command", metavar="command", required=True)
    up = commands.add_parser("up", help="run everything; stop it with Ctrl-C")
    up.add_argument("--port", type=port, default=7071, help="port of the Functions host (default: 7071)")
    up.add_argument(
        "--host",
        choices=["auto", "func", "local"],
        default="auto",
        help="Functions host: `auto` uses func if it is installed",
    )
    reset = commands.add_parser("reset", help="remove the local data; installed packages stay")
    reset.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    for command in (up, reset):
        command.add_argument(
            "--data", type=Path, default=ROOT / ".dev", help="data directory (default: .dev)"
        )
    commands.add_parser("migrate", help="create or update the tables of the database DATABASE_URL")
    test = commands.add_parser("test", help="run all checks and tests; other arguments are passed to pytest")
    test.add_argument("--no-checks", action="store_true", help="run pytest only")
    test.add_argument("--no-browser", action="store_true", help="leave out the tests of the console")
    test.add_argument("arguments", nargs="*", help="arguments of pytest")
    bench = commands.add_parser("bench", help="run the benchmark, next to other loaders")
    bench.add_argument("arguments", nargs="*", help="arguments of the benchmark")
    return top


def port(text: str) -> int:
    """Parse a TCP port number."""
    if not (text.isdecimal() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text} is not a port number from 1 to 65535")
    return int(text)


def parse(arguments: List[str]) -> argparse.Namespace:  # noqa: UP006
    """Parse the command line; for `test` and `bench`, `arguments` holds what pytest or the benchmark gets."""
    own, rest = arguments, []  # type: Tuple[List[str], List[str]]
    help_requested = arguments[1:2] in (["-h"], ["--help"])
    if arguments[:1] == ["bench"] or (arguments[:1] == ["test"] and not help_requested):
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
    except UsageError as error:
        print(f"python3 dev: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
