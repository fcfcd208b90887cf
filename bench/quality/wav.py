"""Reading and writing of WAV files: linear PCM of 8 to 32 bits, and 32 or 64 bit floats.

Samples are floats, full scale 1, channels interleaved. The `wave` module of the standard library
does not read floats.
"""
import array
import struct
import sys

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
MAX_HEADER_BYTES = 40  # what is looked at of a `fmt ` chunk


class WavError(Exception):
    """One sentence on what is wrong with the file, without its name."""


class Wav:
    def __init__(self, rate, channels, samples):
        self.rate = rate
        self.channels = channels
        self.samples = samples  # array('d'), interleaved

    @property
    def frames(self):
        return len(self.samples) // self.channels


def _chunks(file):
    """Yields (name, size) with the file at the chunk's first byte."""
    while True:
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        start = file.tell()
        yield name, size
        file.seek(start + size + size % 2)


def _open_riff(file):
    """Returns (format, channels, rate, bits, data bytes), the file at the first sample."""
    head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise WavError("is not a WAV file")
    form = None
    for name, size in _chunks(file):
        if name == b"fmt ":
            raw = file.read(min(size, MAX_HEADER_BYTES))
            if len(raw) < 16:
                raise WavError("has a damaged format chunk")
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", raw[:16])
            if kind == EXTENSIBLE and len(raw) >= 26:
                kind = struct.unpack("<H", raw[24:26])[0]
            form = kind, channels, rate, bits
        elif name == b"data":
            if form is None or form[1] == 0 or form[2] == 0:
                raise WavError("has no usable format chunk before its samples")
            return (*form, size)
    raise WavError("holds no samples")


def _swapped(samples):
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _decode(kind, bits, raw):
    if kind == FLOAT and bits in (32, 64):
        return array.array("d", _swapped(array.array("f" if bits == 32 else "d", raw)))
    if kind == PCM and bits == 8:
        return array.array("d", ((v - 128) / 128 for v in raw))
    if kind == PCM and bits in (16, 32):
        scale = 2.0 ** (1 - bits)
        return array.array("d", (v * scale for v in _swapped(array.array("h" if bits == 16 else "i", raw))))
    if kind == PCM and bits == 24:
        wide = bytearray(len(raw) // 3 * 4)
        for k in range(3):
            wide[k + 1 :: 4] = raw[k::3]
        return _decode(PCM, 32, bytes(wide))
    raise WavError(f"has samples of format {kind} with {bits} bits; PCM and floats are read")


def info(path):
    """Returns (rate, channels, frames) without reading the samples."""
    with open(path, "rb") as file:
        _, channels, rate, bits, size = _open_riff(file)
        here = file.tell()
        size = min(size, file.seek(0, 2) - here)
    return rate, channels, size // max(1, channels * bits // 8)


def read(path):
    with open(path, "rb") as file:
        kind, channels, rate, bits, size = _open_riff(file)
        raw = file.read(size)
    frame = max(1, channels * bits // 8)
    return Wav(rate, channels, _decode(kind, bits, raw[: len(raw) // frame * frame]))


def write(path, wav):
    """Writes 32-bit floats."""
    data = _swapped(array.array("f", wav.samples)).tobytes()
    frame = 4 * wav.channels
    form = struct.pack("<HHIIHH", FLOAT, wav.channels, wav.rate, wav.rate * frame, frame, 32)
    fact = struct.pack("<4sII", b"fact", 4, wav.frames)
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form + fact
    body += struct.pack("<4sI", b"data", len(data)) + data
    with open(path, "wb") as file:
        file.write(struct.pack("<4sI", b"RIFF", len(body)) + body)


def mix(dry, wet, floor):
    """floor * dry + (1 - floor) * wet: what is left of the noise when gains end at `floor`."""
    if (dry.rate, dry.channels, dry.frames) != (wet.rate, wet.channels, wet.frames):
        raise WavError(
            f"has {wet.frames} frames of {wet.channels} channels at {wet.rate} Hz, "
            f"the noisy file {dry.frames} of {dry.channels} at {dry.rate} Hz"
        )
    rest = 1.0 - floor
    mixed = (floor * x + rest * y for x, y in zip(dry.samples, wet.samples))
    return Wav(dry.rate, dry.channels, array.array("d", mixed))
