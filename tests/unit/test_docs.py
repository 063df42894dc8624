"""What the README, the examples and the pins say is what the code has."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from blob_trigger import handler
from dev import __main__ as dev
from dev import programs
from dev.programs import ROOT
from shared.settings import Settings
from shared.use_cases import give_up

README = (ROOT / "README.md").read_text()
EXAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
HOST: dict[str, Any] = json.loads((ROOT / "host.json").read_text())

PLATFORMS_OWN = {
    "FUNCTIONS_WORKER_RUNTIME",
    "AzureWebJobsStorage",
    "UPLOADS__credential",
}


def documented() -> set[str]:
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}


def aliases() -> set[str]:
    return {str(field.alias) for field in Settings.model_fields.values()}


def test_the_readme_explains_exactly_the_settings_there_are() -> None:
    assert documented() == aliases() | PLATFORMS_OWN


def test_the_readme_names_the_defaults_that_the_code_has() -> None:
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    defaults = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", table, re.MULTILINE))
    in_code = {
        str(field.alias): f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for field in Settings.model_fields.values()
        if field.default is not None and not field.is_required()
    }
    assert defaults == in_code


def test_the_example_has_every_setting_that_a_local_run_needs_and_no_other() -> None:
    assert EXAMPLE.keys() <= documented()
    identity = {name for name in documented() if name.startswith("UPLOADS__")}
    assert documented() - identity == EXAMPLE.keys()


def test_every_state_is_explained() -> None:
    from shared.ledger.tables import State  # noqa: PLC0415

    table = README.partition("| state | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE)))) - {
        "---"
    } == {str(state) for state in State}


def test_the_layout_names_folders_that_are_there() -> None:
    layout = README.partition("## Layout")[2].partition("```\n")[2].partition("```")[0]
    parent = ""
    for line in layout.splitlines():
        name = line.split()[0]
        parent = "" if not line.startswith(" ") else parent
        assert (ROOT / parent / name).exists(), name
        parent = name if not line.startswith(" ") else parent


def test_compose_and_the_local_stack_use_one_azurite() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert f"azurite@{programs.AZURITE_VERSION} " in compose


def test_every_requirement_has_a_compatible_release_range() -> None:
    for name in ("requirements.txt", "dev/requirements.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.match(r"[\w\-\[\]]+~=\d", line), line


def test_a_blob_is_given_up_after_as_many_tries_as_the_host_gives_it() -> None:
    assert HOST["extensions"]["blobs"]["poisonBlobThreshold"] == give_up._TRIES


def test_a_sweep_ends_before_the_host_ends_it() -> None:
    hours, minutes, seconds = map(int, HOST["functionTimeout"].split(":"))
    assert (hours * 60 + minutes) * 60 + seconds > handler._SWEEP_SECONDS


def test_every_command_in_the_readme_is_one_that_there_is() -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^(?:\w+=\S+ )*python3 dev (.+)$", "".join(blocks), re.MULTILINE)
    commands = [dev.parse(shlex.split(line, comments=True)).command for line in lines]
    assert {"up", "test", "migrate", "bench"} <= set(commands)


def test_everything_that_can_be_told_about_a_format_is_explained() -> None:
    from shared.formats.overrides import option_names  # noqa: PLC0415

    table = README.partition("| parameter | what is detected |")[2].partition("\n\n")[0]
    first = " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    assert sorted(re.findall(r"`(\w+)`", first)) == sorted(option_names())
