"""The files in docs/deploy start what exists, as an unprivileged user, with settings that exist."""

from __future__ import annotations

import configparser
import pathlib
import re
import shutil
import subprocess

import pytest
from test_docs import command_tree

from crawler.config import Settings

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "docs/deploy"
UNITS = sorted(FOLDER.glob("*.service"))


def read(unit: pathlib.Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(unit.read_text(encoding="utf-8"))
    return parsed


def test_there_are_units() -> None:
    assert {"tenders-web.service", "tenders-scheduler.service"} <= {one.name for one in UNITS}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists(unit: pathlib.Path) -> None:
    service = read(unit)["Service"]
    command = service["ExecStart"].split()[1]
    assert command in command_tree()
    assert service["User"] == "tenders"
    assert service["NoNewPrivileges"] == "yes"
    assert service["UMask"] == "0077", "backups and mails hold people's addresses"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_a_unit(unit: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    here = unit.read_text(encoding="utf-8")
    copy = tmp_path / unit.name  # the program and its user are there on the target machine only
    copy.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", here), encoding="utf-8")
    done = subprocess.run(
        [tool, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    ours = [line for line in (done.stderr + done.stdout).splitlines() if unit.name in line]
    assert [line for line in ours if "Unknown" in line or "Failed to parse" in line] == []


def test_the_sample_environment_names_settings_that_exist() -> None:
    lines = (FOLDER / "environment").read_text(encoding="utf-8").splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    known = {f"TENDERS_{name.upper()}" for name in Settings.model_fields}
    assert set(names) <= known
    assert len(names) == len(set(names))


def test_deploy_names_settings_and_commands_that_exist() -> None:
    text = (FOLDER.parents[1] / "DEPLOY.md").read_text(encoding="utf-8")
    known = {f"TENDERS_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"TENDERS_[A-Z_]+[A-Z]", text)) <= known
    named = set(re.findall(r"(?:tenders-run|`tenders) ([a-z]+)", text))
    assert named - set(command_tree()) == set()
    assert named
