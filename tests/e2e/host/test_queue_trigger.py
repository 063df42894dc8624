"""Queue triggers under the local host."""

import json

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from tests.e2e.host.conftest import MakeHost, unique
from tests.e2e.host.running_host import encoded

APP = """
@app.queue_trigger("message", "%QUEUE%", "DATA")
def take(message: func.QueueMessage) -> None:
    body = message.get_body().decode()
    record(body=body, tries=message.dequeue_count, id=message.id, pop=message.pop_receipt,
           at=message.insertion_time.isoformat(), next=message.time_next_visible.isoformat(),
           left=(message.expiration_time - message.insertion_time).days)
    if "bad" in body:
        raise ValueError("no good")
"""


def contents(queues: QueueServiceClient, name: str) -> list[str]:
    with queues.get_queue_client(name) as queue:
        try:
            return [message.content for message in queue.peek_messages(32)]
        except ResourceNotFoundError:
            return []


def test_messages_run_their_function_and_failures_become_poison(
    make_host: MakeHost, queues: QueueServiceClient
) -> None:
    name = unique("queue")
    host = make_host(APP, {"QUEUE": name}).start()
    with queues.create_queue(name) as queue:
        sent = queue.send_message(encoded('{"good": 1}'))
        (facts,) = host.wait_for(host.records)
        assert (facts["body"], facts["tries"], facts["id"], facts["left"]) == ('{"good": 1}', 1, sent.id, 7)
        assert facts["at"].endswith("+00:00")

        queue.send_message(encoded("bad"))
        queue.send_message("this is not base64!")
        host.wait_for(lambda: len(contents(queues, f"{name}-poison")) == 2)
        assert set(contents(queues, f"{name}-poison")) == {encoded("bad"), "this is not base64!"}
        assert [facts["tries"] for facts in host.records(body="bad")] == [1, 2, 3, 4, 5]
        host.wait_for(lambda: not contents(queues, name))
        lines = [line for line in host.log.splitlines() if f"{name}-poison" in line]
        assert sorted(line.partition("a message on ")[2] for line in lines) == [
            f"{name} failed 5 times: moved to {name}-poison",
            f"{name} is not Base64: moved to {name}-poison",
        ]
        assert len(host.records()) == 6  # a message that is not Base64 is not a call

        headers = {"Content-Type": "application/json"}
        answer = host.ask("POST", "/admin/functions/take", json.dumps({"input": "manual"}).encode(), headers)
        assert answer.status == 202
        host.wait_for(lambda: host.records(body="manual"))


def test_a_failing_message_of_a_poison_queue_is_tried_again_after_its_visibility_time(
    make_host: MakeHost, queues: QueueServiceClient
) -> None:
    name = unique("some") + "-poison"
    host = make_host(APP, {"QUEUE": name}).start()
    with queues.create_queue(name) as queue:
        queue.send_message(encoded("bad"))
        host.wait_for(lambda: host.records(tries=2))
        assert contents(queues, f"{name}-poison") == []
