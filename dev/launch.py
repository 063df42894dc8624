"""Runs a program as another user and, on Linux, with a signal when the parent ends (a script).

`python launch.py PARENT SIGNAL USER GROUP BYPASS_PERMISSIONS PROGRAM [ARGUMENT …]`

This is a separate program because `preexec_fn` is unsafe in a process with threads, and because the user and
the parent-death signal must be set after the fork: a change of user clears the signal.
"""

import ctypes
import os
import sys

# Names and numbers are those of linux/prctl.h, linux/securebits.h and linux/capability.h.
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    """Raise `OSError` if a C function failed."""
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2) with its five arguments; missing ones are 0."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    check(libc.prctl(option, *[ctypes.c_ulong(number) for number in padded]))


def drop_root(user: int, group: int) -> None:
    """Change to another user and give up all rights of root."""
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def drop_root_but_bypass_permissions(user: int, group: int) -> None:
    """Change to another user and keep one right of root: reading folders that only root may read.

    Without `SECBIT_NO_SETUID_FIXUP`, access(2) ignores that right in a process of another user.
    """
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    drop_root(user, group)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    mask = 1 << CAP_DAC_OVERRIDE
    check(libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)))
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def main(facts: list[int], program: list[str]) -> None:
    """Set user and signal, then replace this process by `program`."""
    parent, signal, user, group, bypass_permissions = facts
    linux = sys.platform == "linux"
    if user != os.getuid():
        (drop_root_but_bypass_permissions if bypass_permissions and linux else drop_root)(user, group)
    if linux:
        prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit("the parent process ended before this program started")
    os.execvp(program[0], program)  # noqa: S606


if __name__ == "__main__":
    try:
        main([int(fact) for fact in sys.argv[1:6]], sys.argv[6:])
    except OSError as error:
        sys.exit(f"{sys.argv[6]}: {error}")
