"""A voice in noise, as 32-bit floats."""
import array
import glob
import math
import random
import shutil
import subprocess


def is_recorded(data):
    """Whether there are recordings in the folder `data`, and who reads them."""
    return bool(glob.glob(data + "/speech/*.flac") and glob.glob(data + "/noise/airplane*.flac") and
                shutil.which("ffmpeg"))


def decoded(paths, n, rate):
    """Recordings one after the other, n samples at most."""
    x = array.array("f")
    for path in paths:
        if len(x) >= n:
            break
        x.frombytes(subprocess.run(
            ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(rate), "-f", "f32le", "-"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60).stdout)
    return x[:n]


def make(data, seconds, rate, seed):
    """Recorded where recordings are there, else something like it: glides that come and go."""
    n = int(seconds * rate)
    if is_recorded(data):
        voice = decoded(sorted(glob.glob(data + "/speech/*.flac")), n, rate)
        noise = decoded(sorted(glob.glob(data + "/noise/airplane*.flac")), n, rate)
        return array.array("f", (v + 0.3 * w for v, w in zip(voice, noise)))
    draw, phase, x = random.Random(seed), 0.0, array.array("f")
    for t in range(n):
        phase += 2 * math.pi * (150 + 40 * math.sin(2 * t / rate)) / rate
        spoken = max(0.0, math.sin(8 * t / rate))
        x.append(0.1 * spoken * sum(math.sin(k * phase) / k for k in range(1, 6)) +
                 draw.gauss(0, 0.02))
    return x
