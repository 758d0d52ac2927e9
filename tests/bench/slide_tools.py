"""`python slide_tools.py TOOL VIDEO`: one tool, one video, one process; prints JSON.

Run by tests.bench.slides, the peers with the interpreter of an environment that has them; so
nothing here needs this repository but "ours". In the time: from the file's name to the list of
times; for video2slides and extract-video-ppt also the pictures that they write, not the document
that they make of those. Not in it: the interpreter's start and imports. The memory is the whole
process's.
"""

import contextlib
import importlib
import io
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

Found = list[dict[str, Any]]  # start in seconds; where the tool says so: end, at, region, of


def ours(video: str) -> Found:
    from dataclasses import asdict

    from translate.backends.slide_video import SlideVideo

    return [asdict(s) for s in SlideVideo(Path(video)).find()]


def content(video: str) -> Found:
    return _scenes(video, "ContentDetector")


def adaptive(video: str) -> Found:
    return _scenes(video, "AdaptiveDetector")


def _scenes(video: str, detector: str) -> Found:
    """PySceneDetect with its defaults."""
    import scenedetect

    found = scenedetect.detect(video, getattr(scenedetect, detector)(), start_in_scene=True)
    return [{"start": a.seconds, "end": b.seconds} for a, b in found]


def evp(video: str) -> Found:
    """extract-video-ppt with its defaults: a picture a second, kept where its histogram differs."""
    from video2ppt import video2ppt

    video2ppt.cv2.destroyAllWindows = lambda: None  # an OpenCV without windows has none to close
    video2ppt.URL = video
    video2ppt.OUTPUTPATH = "."
    video2ppt.prepare()
    video2ppt.start()
    found = []
    for name in sorted(p.name for p in Path(video2ppt.DEFAULT_PATH).glob("frame*.jpg")):
        hours, minutes, seconds = name.removeprefix("frame").split("-")[0].split(".")
        at = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        found.append({"start": float(at), "at": float(at)})
    return found


def v2s(video: str) -> Found:
    """video2slides with its defaults: a picture a second, kept where the SSIM falls below 0.95."""
    from video2slides.converter import Video2Slides

    seen: list[bool] = []

    class Watched(Video2Slides):
        def _is_slide_changed(self, before: Any, now: Any) -> bool:
            seen.append(bool(super()._is_slide_changed(before, now)))
            return seen[-1]

    Watched(video).extract_frames()
    return [{"start": float(n), "at": float(n)} for n, new in enumerate([True, *seen]) if new]


TOOLS = {
    "ours": (ours, "translate.backends.slide_video"),
    "content": (content, "scenedetect"),
    "adaptive": (adaptive, "scenedetect"),
    "evp": (evp, "video2ppt"),
    "v2s": (v2s, "video2slides.converter"),
}


def peak_mb() -> float:
    """This process's own peak of resident memory; `ru_maxrss` would count the parent's, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main() -> int:
    name, video = sys.argv[1], str(Path(sys.argv[2]).resolve())
    tool, module = TOOLS[name]
    os.environ["MPLBACKEND"] = "Agg"
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(json.dumps({"absent": str(error)}))
        return 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        began, worked = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            found = tool(video)
        took, cpu = time.perf_counter() - began, time.process_time() - worked
    print(json.dumps({"seconds": took, "cpu": cpu, "peak_mb": peak_mb(), "found": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
