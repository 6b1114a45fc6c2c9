"""Damaged files give the pictures and sound that are still there, or one sentence: no crash, no hang, no flood."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from clips import face_frames, sine, write_clip

COUNT = 440
SECONDS = 20.0
"""For one file."""
FEATURES = ("blendshapes", "whisper", "egemaps")
"""Extracted from every n-th file ..."""
EVERY = 10
READ = """
from emoviz.media import iterate_frames, probe, read_waveform

readers = (probe, lambda clip: list(iterate_frames(clip, longest=320)), read_waveform)
"""
ANALYSE = f"""
from emoviz.features import make
from emoviz.media import ClipMedia

def faces(clip):
    media = ClipMedia(clip)
    return media.info.video and media.faces()

readers = (faces, *(lambda clip, name=name: make(name).extract(ClipMedia(clip)) for name in {FEATURES}))
"""
WORKER = """
import json, resource, sys
from emoviz.core.errors import MediaError
{readers}
resource.setrlimit(resource.RLIMIT_AS, ({gigabytes} * 2**30, {gigabytes} * 2**30))
for line in sys.stdin:
    path, said = json.loads(line), []
    for read in readers:
        try:
            found = read(path)
            said.append("read")
        except MediaError as error:
            text = str(error)
            said.append(text if 0 < len(text) < 400 and "\\n" not in text else f"NO SENTENCE: {{text!r}}")
        except BaseException as error:
            said.append(f"TRACEBACK: {{type(error).__name__}}: {{error}}")
    print(json.dumps(said), flush=True)
"""


class Worker:
    """A child process with bounded memory that reads file after file, and is replaced when it dies or hangs."""

    def __init__(self, readers: str = READ, gigabytes: int = 2) -> None:
        self._code = WORKER.format(readers=readers, gigabytes=gigabytes)
        self._process = self._start()

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", self._code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def read(self, path: Path) -> list[str]:
        """What each way of reading said, or CRASH or HANG."""
        timer = threading.Timer(SECONDS, self._process.kill)
        timer.start()
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        hung = not timer.is_alive()
        timer.cancel()
        if line:
            return json.loads(line)
        self.close()
        self._process = self._start()
        return ["HANG" if hung else "CRASH"]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """Ending -> a whole clip of it."""
    folder = tmp_path_factory.mktemp("whole")
    images = list(face_frames(15, [lambda i: (60, 30)], size=(240, 160), side=100))
    sound = sine(0.8, 16000, 2)
    kinds: dict[str, dict[str, str]] = {
        "mp4": {},
        "mov": {},
        "mkv": {},
        "avi": {"video_codec": "mpeg4", "audio_codec": "mp3"},
        "webm": {"video_codec": "libvpx", "audio_codec": "libopus"},
        "flv": {"video_codec": "flv", "audio_codec": "mp3"},
    }
    rates = {"webm": 48000, "flv": 44100}
    for ending, codecs in kinds.items():
        rate = rates.get(ending, 16000)
        write_clip(folder / f"whole.{ending}", images, sine(0.8, rate, 2), rate=rate, **codecs)
    codecs = {"wav": "pcm_s16le", "flac": "flac", "mp3": "mp3", "m4a": "aac", "ogg": "libopus"}
    for ending, codec in codecs.items():
        rate = 48000 if ending == "ogg" else 16000
        own = sine(0.8, rate, 2) if ending == "ogg" else sound
        write_clip(folder / f"whole.{ending}", (), own, rate=rate, audio_codec=codec)
    return {path.suffix[1:]: path.read_bytes() for path in sorted(folder.iterdir())}


def mutations(originals: dict[str, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Name of the damage, ending and content of seeded damaged files."""
    random = np.random.default_rng(16)
    endings = list(originals)
    for number in range(COUNT):
        ending = endings[number % len(endings)]
        content = bytearray(originals[ending])
        kind = ("bits", "cut", "zeros", "sizes", "noise", "ending", "joined", "header")[number // len(endings) % 8]
        if kind == "bits":
            for place in random.integers(0, len(content), random.integers(1, 200)):
                content[place] ^= 1 << int(random.integers(8))
        elif kind == "cut":
            content = content[: int(random.integers(1, len(content)))]
        elif kind in ("zeros", "noise"):
            first, length = int(random.integers(len(content))), int(random.integers(1, 4000))
            rest = len(content[first : first + length])
            content[first : first + length] = bytes(rest) if kind == "zeros" else random.bytes(rest)
        elif kind == "sizes":
            for place in random.integers(0, min(1500, len(content) - 8), 6):
                content[place : place + 4] = random.choice(
                    [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"]
                )
        elif kind == "ending":
            ending = endings[int(random.integers(len(endings)))]
        elif kind == "joined":
            content += originals[endings[int(random.integers(len(endings)))]]
        else:
            for place in random.integers(0, min(400, len(content)), 20):
                content[place] = int(random.integers(256))
        yield kind, ending, bytes(content)


def complaints(worker: Worker, folder: Path, files: list[tuple[str, str, bytes]]) -> tuple[list[tuple[str, str]], int]:
    """What a worker ought not to have said of some files, which are kept, and how many of them it read."""
    bad, read = [], 0
    try:
        for number, (kind, ending, content) in enumerate(files):
            path = folder / f"{number:03d}-{kind}.{ending}"
            path.write_bytes(content)
            said = worker.read(path)
            read += "read" in said
            wrong = [text for text in said if text.startswith(("TRACEBACK", "NO SENTENCE", "CRASH", "HANG"))]
            bad += [(path.name, text) for text in wrong]
            if not wrong:
                path.unlink()
    finally:
        worker.close()
    return bad, read


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process's memory are POSIX's")
def test_damaged_files_are_read_or_refused_in_one_sentence(tmp_path, originals):
    bad, read = complaints(Worker(), tmp_path, list(mutations(originals)))
    assert not bad, f"{len(bad)} of {COUNT}: {bad[:5]}"
    assert read > COUNT / 3, "the damage is so great that reading is hardly tested"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process's memory are POSIX's")
def test_damaged_files_are_analysed_or_refused_in_one_sentence(tmp_path, originals):
    """Faces and features of every n-th file; the networks' libraries alone reserve more than two gigabytes."""
    bad, read = complaints(Worker(ANALYSE, gigabytes=8), tmp_path, list(mutations(originals))[::EVERY])
    assert not bad, str(bad[:5])
    assert read > COUNT / EVERY / 3
