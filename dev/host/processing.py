"""What becomes of a queue message: it runs, and is done with, comes again, or goes to the poison queue.

The rules are those of the host's QueueProcessor: success deletes a message; failure puts it back at once,
until its tries are used up. Tries are the queue's own dequeue count, so they survive a restart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from azure.storage.queue import QueueMessage

from dev.host.held_message import HeldMessage


@dataclass(frozen=True)
class Processing:
    """`handle` answers whether it succeeded, `poison` moves a hopeless message away.

    A queue that is a poison queue itself has no `poison`: its failed messages stay invisible until their
    lease ends, and are tried for ever.
    """

    handle: Callable[[QueueMessage], bool]
    poison: Callable[[QueueMessage], None] | None
    tries: int
    retry_seconds: float

    def process(self, held: HeldMessage) -> bool:
        """Work on a message; answer whether it was put back to come again."""
        tried = held.message.dequeue_count or 1
        if self.poison and tried > self.tries:
            # It was given out often enough and never finished: the host died with it every time.
            held.move(self.poison)
        elif self.handle(held.message):
            held.delete()
        elif self.poison and tried >= self.tries:
            held.move(self.poison)
        elif self.poison:
            held.release(int(self.retry_seconds))
            return True
        return False
