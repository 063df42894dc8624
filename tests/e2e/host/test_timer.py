"""Timers under the bundled host."""

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
    # Soon after a whole second, as soon as the machine lets one of them be; unit tests know the very moments.
    host.wait_for(lambda: any(one["at"] % 1 < 0.3 for one in host.records(function="tick")))
    assert not tick["past_due"]
    assert later["at"] > tock["at"]
    assert len(host.records(function="first")) == 1

    assert host.ask("POST", "/admin/functions/first").status == 202
    host.wait_for(lambda: len(host.records(function="first")) == 2)
