"""What a benchmark says about the machine it ran on."""

import dataclasses

import pytest
import torch

from translate.backends.machine import machine, use_threads
from translate.errors import SettingsError


def test_the_machine_is_told_in_one_line_without_names_of_people_or_hosts() -> None:
    here = machine()
    assert here.cpu
    assert here.threads == torch.get_num_threads()
    assert here.packages["torch"] == torch.__version__
    line = str(dataclasses.replace(here, cores=1, threads=2, gpu=""))
    assert "1 core, 2 threads, no GPU" in line
    assert "\n" not in line


def test_threads_are_torchs() -> None:
    before = torch.get_num_threads()
    try:
        use_threads(1)
        assert machine().threads == 1
    finally:
        use_threads(before)
    with pytest.raises(SettingsError, match="0 threads"):
        use_threads(0)
