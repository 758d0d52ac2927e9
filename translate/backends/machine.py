"""What this machine computes with, in words that a benchmark can be judged by.

Knows where systems tell the name of their processor, and torch's threads.
"""

import importlib.metadata
import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

from translate.errors import SettingsError

PACKAGES = ("torch", "openai-whisper", "faster-whisper", "ctranslate2", "onnxruntime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    cpu: str  # its name, or the architecture where the system does not tell
    instructions: str  # the widest that torch uses: AVX2, AVX512, ...; empty where it cannot tell
    cores: int  # logical ones that this process may use
    threads: int  # that torch uses
    gpu: str  # empty: none
    system: str
    packages: dict[str, str]  # name → version, those that are installed

    def __str__(self) -> str:
        cpu = f"{self.cpu} ({self.instructions})" if self.instructions else self.cpu
        cores, threads = _several(self.cores, "core"), _several(self.threads, "thread")
        versions = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return f"{cpu}, {cores}, {threads}, {self.gpu or 'no GPU'}; {self.system}; {versions}"


def machine() -> Machine:
    """This machine as it is set up now."""
    import torch

    gpu = ""
    if torch.cuda.is_available():
        total = torch.cuda.get_device_properties(0).total_memory
        gpu = f"{torch.cuda.get_device_name()}, {total / 1e9:.0f} GB"
    elif torch.backends.mps.is_available():
        gpu = "Apple (mps)"
    capability = getattr(torch.backends.cpu, "get_cpu_capability", lambda: "")()
    return Machine(
        cpu=_cpu(),
        instructions="" if capability == "DEFAULT" else capability,
        cores=_cores(),
        threads=torch.get_num_threads(),
        gpu=gpu,
        system=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        packages=_versions(),
    )


def use_threads(count: int) -> None:
    """Let torch compute on `count` threads, and the engines that ask torch for theirs."""
    if count < 1:
        raise SettingsError(f"{count} threads compute nothing.", "Give --threads 1 or more.")
    import torch

    torch.set_num_threads(count)


def _cpu() -> str:
    """The processor's own name for itself."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    if platform.system() == "Darwin":
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            check=False,
        )
        if name := asked.stdout.strip():
            return name
    return platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
