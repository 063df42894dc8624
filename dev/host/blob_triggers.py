"""All blob triggers of the app: their scans, their common queue, their webhook."""

import logging
from collections import defaultdict

from azure.core.exceptions import ResourceNotFoundError

from dev.host.blob_function import BlobFunction
from dev.host.blob_queue import BlobQueue
from dev.host.blob_scan import ContainerScan
from dev.host.invocation import BY_HAND, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.queue_listener import QueueListener, Rules
from dev.host.receipts import Receipts
from dev.host.storage import Account
from dev.host.webhook import Webhook

log = logging.getLogger("host")


class BlobTriggers:
    """Built once for all blob functions; `account` is the host's own, for receipts and the queue."""

    def __init__(
        self,
        *,
        functions: list[BlobFunction],
        account: Account,
        host_id: str,
        rules: Rules,
        scan_seconds: float,
        lifecycle: Lifecycle,
        invoker: Invoker,
    ) -> None:
        self._invoker = invoker
        queue = BlobQueue(account, host_id, functions, invoker)
        self.webhook = Webhook(functions, queue.put)
        self._listener = QueueListener(
            account=account,
            queue=queue.queue,
            rules=rules,
            handle=queue.handle,
            poison=queue.poison,
            lifecycle=lifecycle,
        )
        receipts = Receipts(account.store, host_id)
        self._scans = [
            lifecycle.loop(
                f"scan {group[0].path.container}",
                ContainerScan(group, receipts, queue.put, scan_seconds, lifecycle.stopping).step,
            )
            for group in _by_container(functions)
        ]
        queue.on_queued = self._listener.wake
        queue.on_changed = self._scan_now

    def start(self) -> None:
        """Begin to scan and to work on the queue."""
        self._listener.start()
        for scan in self._scans:
            scan.start()

    def run_by_hand(self, function: BlobFunction, place: str) -> None:
        """Run a function for the blob `container/name`, past receipts and queue."""
        container, _, blob = place.partition("/")
        try:
            call = function.call(container, blob, BY_HAND)
        except ResourceNotFoundError:
            log.warning("there is no blob %s to run %s for", place, function.function.name)
            return
        self._invoker.run(call)

    def _scan_now(self) -> None:
        for scan in self._scans:
            scan.wake()


def _by_container(functions: list[BlobFunction]) -> list[list[BlobFunction]]:
    groups: dict[tuple[str, str], list[BlobFunction]] = defaultdict(list)
    for function in functions:
        if function.polled:
            groups[function.account.setting, function.path.container].append(function)
    return list(groups.values())
