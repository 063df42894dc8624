"""Timers under the local host."""

import datetime as dt
import json

from azure.storage.blob import BlobClient, BlobServiceClient

from tests.e2e.host.conftest import MakeHost

APP = """
@app.timer_trigger("timer", "%EVERY%")
def tick(timer: func.TimerRequest) -> None:
    record(function="tick", at=time.time(), past_due=timer.past_due, next=timer.schedule_status["Next"])
    time.sleep(1.2)
    record(function="tock", at=time.time())

@app.timer_trigger("timer", "0 0 0 29 2 *", run_on_startup=True)
def first(timer: func.TimerRequest) -> None:
    record(function="first")
"""


def test_timers_fire_at_their_times_and_never_twice_at_once(make_host: MakeHost) -> None:
    host = make_host(APP, {"EVERY": "* * * * * *"}).start()
    host.wait_for(lambda: len(host.records(function="tock")) == 2)
    (tick, later), (tock, _) = host.records(function="tick")[:2], host.records(function="tock")[:2]
    # One of them soon after a whole second, however busy the machine is; unit tests check the exact times.
    host.wait_for(lambda: any(one["at"] % 1 < 0.3 for one in host.records(function="tick")))
    assert not tick["past_due"]
    assert later["at"] > tock["at"]
    assert len(host.records(function="first")) == 1

    headers = {"Content-Type": "application/json"}
    assert host.ask("POST", "/admin/functions/first", b"{}", headers).status == 202
    host.wait_for(lambda: len(host.records(function="first")) == 2)


RARE = """
@app.timer_trigger("timer", "0 0 * * * *")
def hourly(timer: func.TimerRequest) -> None:
    record(function="hourly", past_due=timer.past_due)
"""


def test_a_time_missed_while_the_host_was_stopped_runs_once_at_the_next_start(
    make_host: MakeHost, blobs: BlobServiceClient
) -> None:
    host = make_host(RARE).start()
    name = f"timers/{host.settings['AzureFunctionsWebHost__hostid']}/Host.Functions.hourly.Listener/status"
    status = blobs.get_blob_client("azure-webjobs-hosts", name)
    host.wait_for(status.exists)
    assert host.stop() == 0
    assert host.records() == []

    earlier = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
    status.upload_blob(json.dumps({"LastUpdated": earlier.isoformat()}), overwrite=True)
    host.start()
    host.wait_for(host.records)
    host.wait_for(lambda: earlier.isoformat() not in content(status))
    updated = json.loads(content(status))
    assert host.stop() == 0

    host.start()
    assert host.stop() == 0
    assert host.records() == [{"function": "hourly", "past_due": True}]
    assert updated["Last"] == updated["LastUpdated"] > earlier.isoformat()


def content(blob: BlobClient) -> str:
    """Return the text of a blob."""
    return blob.download_blob().readall().decode()
