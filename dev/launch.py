"""Becomes another program, if asked as another user, that on Linux ends with its parent: run as a script.

`python launch.py PARENT SIGNAL USER GROUP CAPABLE PROGRAM [ARGUMENT …]`

It is a program of its own because `preexec_fn` is unsafe beside threads, and because both the user and the
death signal have to be set after the fork: a change of user clears the signal.
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
    """Raise what a C function reported through errno."""
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def prctl(option: int, *arguments: int) -> None:
    """Call prctl(2), filling up its five arguments."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    check(libc.prctl(option, *[ctypes.c_ulong(number) for number in padded]))


def become(user: int, group: int) -> None:
    """Give up the rights of root."""
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)


def become_capable(user: int, group: int) -> None:
    """Give up the rights of root except one: passing folders that only root may pass.

    access(2) would ignore that right in a process of another user; `SECBIT_NO_SETUID_FIXUP` makes it count.
    """
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    become(user, group)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    mask = 1 << CAP_DAC_OVERRIDE
    check(libc.capset(header, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)))
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def main(facts: list[int], program: list[str]) -> None:
    """Set everything, then become `program`."""
    parent, signal, user, group, capable = facts
    linux = sys.platform == "linux"
    if user != os.getuid():
        (become_capable if capable and linux else become)(user, group)
    if linux:
        prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        sys.exit("the parent ended before its child began")
    os.execvp(program[0], program)  # noqa: S606


if __name__ == "__main__":
    try:
        main([int(fact) for fact in sys.argv[1:6]], sys.argv[6:])
    except OSError as error:
        sys.exit(f"{sys.argv[6]}: {error}")
