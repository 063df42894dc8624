"""The user a server runs as: ourselves, or for a Postgres started by root, one with fewer rights."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

OTHERS = stat.S_IROTH | stat.S_IXOTH


@dataclass(frozen=True)
class Account:
    """A user and group by number; `capable` lets it pass folders that only root may pass."""

    user: int
    group: int
    capable: bool = False

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.user != os.getuid():
            os.chown(path, self.user, self.group)


def ours() -> Account:
    """Return the account this process runs as."""
    return Account(os.getuid(), os.getgid())


def for_postgres(home: Path, program: Path) -> Account:
    """Return who may run `program` on the data directory `home`: Postgres refuses to be root.

    Root hands over to whom the data belong already, else to `nobody`. Where that user could not reach the
    program or the data (a clone below /root), it keeps the one right that lets it; no permissions change.
    """
    if os.getuid() != 0:
        return ours()
    owner = home.stat() if home.exists() else None
    if owner is not None and owner.st_uid != 0:
        user, group = owner.st_uid, owner.st_gid
    else:
        nobody = pwd.getpwnam("nobody")
        user, group = nobody.pw_uid, nobody.pw_gid
    return Account(user, group, capable=not (_open_to_all(program) and _open_to_all(home.parent)))


def _open_to_all(path: Path) -> bool:
    resolved = path.resolve()
    return all(part.stat().st_mode & OTHERS == OTHERS for part in (resolved, *resolved.parents))
