#!/usr/bin/env python3
"""Reads, writes and runs Sordino's model files with nothing but NumPy.

An independent statement, in plain double-precision formulas, of what models/FORMAT.md says: the
container, every op, the two front ends. The C engine is tested against the numbers it makes.

    reference.py describe MODEL
    reference.py run MODEL IN.f32 OUT.f32            frames through the graph, raw 32-bit floats
    reference.py denoise MODEL IN.f32 OUT.f32 --rate HZ
    reference.py rewrite MODEL OUT                   the same model in canonical form
    reference.py make-golden [DIR]                   writes the inputs and outputs of the tests
"""
import argparse
import json
import math
import os
import struct
import sys
import zlib

import numpy as np


# ---- the container -------------------------------------------------------------------------------

class Model:
    """graph: {"input": width, "nodes": [...]}; front: {...}; tensors: {name: float array}; metadata:
    {key: text}, without the keys that `save` makes."""

    def __init__(self, graph, front, tensors, metadata=None):
        self.graph, self.front = graph, front
        self.tensors, self.metadata = tensors, dict(metadata or {})


# Ops that came with a later version of the format than 1.0, and its minor number.
SINCE_MINOR = {"transpose": 1, "pad": 1, "gru_freq": 1}

MADE_BY_SAVE = ("sordino.format", "sordino.kind", "sordino.graph", "sordino.front_end",
                "sordino.crc32")


def load_tensors(data):
    """A safetensors file's (tensors, metadata)."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    body = data[8 + length:]
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = body[begin:end]
        if entry["dtype"] == "BF16":
            values = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
        else:
            values = np.frombuffer(raw, {"F32": "<f4", "F16": "<f2"}[entry["dtype"]])
        tensors[name] = values.astype(np.float64).reshape(entry["shape"])
    if "sordino.crc32" in metadata and metadata["sordino.crc32"] != "%08x" % zlib.crc32(body):
        raise ValueError("the tensors do not match sordino.crc32")
    return tensors, metadata


def load(path):
    with open(path, "rb") as file:
        tensors, metadata = load_tensors(file.read())
    if metadata.get("sordino.kind") != "model":
        raise ValueError("%s is no model" % path)
    return Model(json.loads(metadata["sordino.graph"]), json.loads(metadata["sordino.front_end"]),
                 tensors, {k: v for k, v in metadata.items() if k not in MADE_BY_SAVE})


def plain(value):
    """Whole floats become integers, as the canonical form wants them."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return int(value) if value == int(value) and abs(value) < 1e15 else float(value)
    return int(value) if isinstance(value, np.integer) else value


def compact(value):
    return json.dumps(plain(value), separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def save_tensors(tensors, metadata, crc=True):
    """The bytes of a safetensors file in canonical form."""
    body, entries = b"", {}
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], "<f4")
        entries[name] = {"data_offsets": [len(body), len(body) + raw.nbytes], "dtype": "F32",
                         "shape": list(raw.shape)}
        body += raw.tobytes()
    metadata = {k: v for k, v in metadata.items() if k != "sordino.crc32"}
    if crc:
        metadata["sordino.crc32"] = "%08x" % zlib.crc32(body)
    text = '{"__metadata__":%s' % compact(metadata)
    text += "".join(",%s:%s" % (compact(name), compact(entries[name])) for name in entries) + "}"
    header = text.encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + body


def save(model, path=None, crc=True):
    """Writes a model; returns the bytes."""
    metadata = dict(model.metadata)
    graph = dict(model.graph, nodes=[with_presets(node) for node in model.graph["nodes"]])
    minor = max(SINCE_MINOR.get(node["op"], 0) for node in graph["nodes"])
    metadata.update({"sordino.format": "1.%d" % minor, "sordino.kind": "model",
                     "sordino.graph": compact(graph),
                     "sordino.front_end": compact(model.front)})
    data = save_tensors(model.tensors, metadata, crc)
    if path:
        with open(path, "wb") as file:
            file.write(data)
    return data


# ---- ops: x is [T][C], the past before the first frame is zero -----------------------------------

def delayed(x, n):
    """x[t - n]; the first axis is time."""
    return np.concatenate([np.zeros((n,) + x.shape[1:]), x])[:len(x)]


# Attributes that may be left out, and what they then are. pad_f -1 stands for (kernel_f - 1) / 2
# rounded down, channels 0 for the whole width.
CONV_FREQ = {"kernel_t": 1, "kernel_f": 1, "dilation_t": 1, "stride_f": 1, "pad_f": -1, "groups": 1,
             "bias": 1}
PRESETS = {
    "conv1d": {"dilation": 1, "groups": 1, "bias": 1},
    "conv_freq": CONV_FREQ,
    "conv_freq_transposed": dict(CONV_FREQ, out_pad_f=0),
    "dense": {"bias": 1},
    "prelu": {"channels": 0},
    "gelu": {"approximate": 0},
    "scale": {"channels": 0},
    "batch_norm": {"channels": 0, "eps": 1e-5},
    "layer_norm": {"eps": 1e-5},
    "running_norm": {"eps": 1e-5},
    "pad": {"before": 0, "after": 0},
    "gru_freq": {"bias": 1},
}


def with_presets(node):
    return dict(PRESETS.get(node["op"], {}), **node)


def conv1d(a, p, x):
    """y[t, o] = b[o] + sum_ij w[o, i, j] x[t - (kernel - 1 - j) dilation, group(o) + i]"""
    weight, dilation, groups = p["weight"], a["dilation"], a["groups"]
    out, inner, kernel = weight.shape
    y = np.zeros((len(x), out)) + p.get("bias", 0.0)
    for j in range(kernel):
        past = delayed(x, (kernel - 1 - j) * dilation)
        for g in range(groups):
            o = slice(g * out // groups, (g + 1) * out // groups)
            y[:, o] += past[:, g * inner:(g + 1) * inner] @ weight[o, :, j].T
    return y


def conv_freq(a, p, x):
    """y[t, f, o] = b[o] + sum_ijk w[o, i, j, k]
                    x[t - (kernel_t - 1 - j) dilation_t, f stride_f - pad_f + k, group(o) + i]"""
    weight, freq, groups = p["weight"], a["freq"], a["groups"]
    stride = a["stride_f"]
    pad = a["pad_f"] if a["pad_f"] >= 0 else (a["kernel_f"] - 1) // 2
    out, inner, kernel_t, kernel_f = weight.shape
    x = x.reshape(len(x), freq, -1)
    x = np.pad(x, ((0, 0), (pad, pad), (0, 0)))
    n = (freq + 2 * pad - kernel_f) // stride + 1
    y = np.zeros((len(x), n, out)) + p.get("bias", 0.0)
    for j in range(kernel_t):
        past = delayed(x, (kernel_t - 1 - j) * a["dilation_t"])
        for f in range(n):
            for k in range(kernel_f):
                for g in range(groups):
                    o = slice(g * out // groups, (g + 1) * out // groups)
                    i = slice(g * inner, (g + 1) * inner)
                    y[:, f, o] += past[:, f * stride + k, i] @ weight[o, :, j, k].T
    return y.reshape(len(x), -1)


def conv_freq_transposed(a, p, x):
    """y[t, f stride_f - pad_f + k, o] +=
    w[i, o, j, k] x[t - (kernel_t - 1 - j) dilation_t, f, i]"""
    weight, freq, groups = p["weight"], a["freq"], a["groups"]
    stride = a["stride_f"]
    pad = a["pad_f"] if a["pad_f"] >= 0 else (a["kernel_f"] - 1) // 2
    inner, outer, kernel_t, kernel_f = weight.shape
    n = (freq - 1) * stride - 2 * pad + kernel_f + a["out_pad_f"]
    x = x.reshape(len(x), freq, inner)
    y = np.zeros((len(x), n, outer * groups)) + p.get("bias", 0.0)
    for j in range(kernel_t):
        past = delayed(x, (kernel_t - 1 - j) * a["dilation_t"])
        for f in range(freq):
            for k in range(kernel_f):
                to = f * stride - pad + k
                if not 0 <= to < n:
                    continue
                for g in range(groups):
                    i = slice(g * inner // groups, (g + 1) * inner // groups)
                    o = slice(g * outer, (g + 1) * outer)
                    y[:, to, o] += past[:, f, i] @ weight[i, :, j, k]
    return y.reshape(len(x), -1)


def per_channel(values, x):
    """values [channels] for value i of a frame: values[i % channels]."""
    return np.tile(values, x.shape[1] // len(values))


def prelu(a, p, x):
    return np.maximum(x, 0) + per_channel(p["weight"], x) * np.minimum(x, 0)


def gelu(a, p, x):
    """x Phi(x), or its approximation by tanh (Hendrycks & Gimpel 2016)."""
    if a["approximate"]:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def batch_norm(a, p, x):
    """By the statistics in the file: those of a batch would not be causal."""
    y = x - per_channel(p["running_mean"], x)
    y = y / np.sqrt(per_channel(p["running_var"], x) + a["eps"])
    return y * per_channel(p["weight"], x) + per_channel(p["bias"], x)


def layer_norm(a, p, x):
    y = x - x.mean(axis=1, keepdims=True)
    y = y / np.sqrt((y ** 2).mean(axis=1, keepdims=True) + a["eps"])
    return y * p["weight"] + p["bias"]


def running_norm(a, p, x):
    """Mean and variance of each value over the past, exponential after `time` frames (West 1979)."""
    mean, variance, y = np.zeros(x.shape[1]), np.zeros(x.shape[1]), np.zeros(x.shape)
    for t, frame in enumerate(x):
        rate = max(1 / a["time"], 1 / (t + 1))
        step = frame - mean
        mean = mean + rate * step
        variance = (1 - rate) * (variance + rate * step ** 2)
        y[t] = (frame - mean) / np.sqrt(variance + a["eps"])
    return y


def transpose(a, p, x):
    """[rows][C] of each frame to [C][rows]"""
    return x.reshape(len(x), a["rows"], -1).transpose(0, 2, 1).reshape(x.shape)


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def gru_freq(a, p, x):
    """PyTorch's nn.GRU over time, for each frequency alone, from a state of zeros. Gates stand in the
    order r, z, n."""
    weight_ih, weight_hh, hidden = p["weight_ih"], p["weight_hh"], a["hidden"]
    x = x.reshape(len(x), a["freq"], -1)
    state, y = np.zeros((a["freq"], hidden)), []
    for frame in x:
        i = frame @ weight_ih.T + p.get("bias_ih", 0.0)
        h = state @ weight_hh.T + p.get("bias_hh", 0.0)
        r = sigmoid(i[:, :hidden] + h[:, :hidden])
        z = sigmoid(i[:, hidden:2 * hidden] + h[:, hidden:2 * hidden])
        n = np.tanh(i[:, 2 * hidden:] + r * h[:, 2 * hidden:])
        state = (1 - z) * n + z * state
        y.append(state.reshape(-1))
    return np.array(y)


OPS = {
    "conv1d": conv1d,
    "conv_freq": conv_freq,
    "conv_freq_transposed": conv_freq_transposed,
    "dense": lambda a, p, x: x @ p["weight"].T + p.get("bias", 0.0),
    "prelu": prelu,
    "relu": lambda a, p, x: np.maximum(x, 0),
    "tanh": lambda a, p, x: np.tanh(x),
    "sigmoid": lambda a, p, x: sigmoid(x),
    "gelu": gelu,
    "add": lambda a, p, *x: sum(x[1:], x[0]),
    "mul": lambda a, p, *x: np.prod(x, axis=0),
    "concat": lambda a, p, *x: np.concatenate(x, axis=1),
    "slice": lambda a, p, x: x[:, a["start"]:a["start"] + a["count"]],
    "scale": lambda a, p, x: per_channel(p["weight"], x) * x + per_channel(p["bias"], x),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "running_norm": running_norm,
    "transpose": transpose,
    "pad": lambda a, p, x: np.pad(x, ((0, 0), (a["before"], a["after"]))),
    "gru_freq": gru_freq,
}

SUFFIXES = ("weight", "bias", "running_mean", "running_var", "weight_ih", "weight_hh", "bias_ih",
            "bias_hh")


def run_graph(model, frames):
    """Frames [T][input width] through the graph from its start, to [T][output width]."""
    values = {"input": np.asarray(frames, float)}
    for node in model.graph["nodes"]:
        params = {suffix: model.tensors["%s.%s" % (node["name"], suffix)]
                  for suffix in SUFFIXES
                  if "%s.%s" % (node["name"], suffix) in model.tensors}
        inputs = [values[name] for name in node["inputs"]]
        out = values[node["name"]] = OPS[node["op"]](with_presets(node), params, *inputs)
    return out


# ---- front end "stft" ----------------------------------------------------------------------------

def is_nice(n):
    """Even, with no prime factors but 2, 3, 5, 7 and at most one 11 or 13."""
    if n < 2 or n % 2:
        return False
    for prime in (2, 3, 5, 7):
        while n % prime == 0:
            n //= prime
    return n in (1, 11, 13)


def nearest(wanted, good):
    """The whole number nearest to `wanted`, ties upward, for which good(n)."""
    away = 0
    while True:
        found = [n for n in (math.floor(wanted + 0.5) + away, math.floor(wanted + 0.5) - away)
                 if n >= 1 and good(n)]
        if found:
            return min(found, key=lambda n: (abs(n - wanted), -n))
        away += 1


def geometry(front, rate):
    """(window, hop) in samples."""
    ratio = front["window"] / front["hop"]
    whole = math.floor(ratio + 0.5)
    if abs(ratio - whole) < 1e-6:
        hop = nearest(front["window"] * rate / whole, lambda n: is_nice(n * whole))
        return hop * whole, hop
    window = nearest(front["window"] * rate, is_nice)
    return window, min(max(math.floor(window / ratio + 0.5), 1), window // 2)


def band_weights(centres, window, rate):
    """[bands][bins]: overlapping triangles that add up to one; absent bands are zero."""
    centres = np.asarray(centres, float)
    present = max(1, int(np.sum(centres <= rate / 2)))
    hz = np.arange(window // 2 + 1) * rate / window
    weights = np.zeros((len(centres), len(hz)))
    for b in range(present):
        unit = np.zeros(present)
        unit[b] = 1.0
        weights[b] = np.interp(hz, centres[:present], unit)
    return weights, present


def band_powers(weights, present, centres, window, rate, power):
    """Mean power of the bins in each band; a band that (almost) no bin reaches takes the power
    interpolated at its centre. power: [T][bins] -> [T][bands]"""
    out = np.zeros((len(power), len(weights)))
    bins = np.arange(power.shape[1])
    for b in range(present):
        total = weights[b].sum()
        if total > 1e-3:
            out[:, b] = power @ weights[b] / total
        else:
            at = min(centres[b] * window / rate, len(bins) - 1)
            out[:, b] = [np.interp(at, bins, frame) for frame in power]
    return out


def causal_level(power, hop_s, rise_s, fall_s):
    """Total power, smoothed: the first sound sets it, then it rises and falls exponentially."""
    level, out = 0.0, []
    for total in power.sum(axis=1):
        if level == 0.0:
            level = total
        else:
            time = rise_s if total > level else fall_s
            level += (1.0 - math.exp(-hop_s / time)) * (total - level)
        out.append(level)
    return np.array(out)


# Constants of core/dsp/noise_track.c; a change there belongs here too, then `make-golden`.
NOISE_TIME, PRESENCE_TIME, START_TIME, NET_TIME, NET_SMOOTH_TIME = 0.072, 0.152, 0.04, 6.0, 0.03
NET_PARTS, SNR_H1, STUCK = 6, 31.622777, 0.999


def noise_power(power, hop_s):
    """Gerkmann & Hendriks 2012, eqs. 18 and 22 to 24, after a start that averages, over a floor that
    is the minimum of the smoothed power (as core/dsp/noise_track.c). [T][bands] -> [T][bands]"""
    start = max(1, math.floor(START_TIME / hop_s + 0.5))
    part_frames, parts = max(1, math.floor(NET_TIME / hop_s / NET_PARTS + 0.5)), NET_PARTS
    keep, keep_presence, keep_floor = (
        math.exp(-hop_s / t) for t in (NOISE_TIME, PRESENCE_TIME, NET_SMOOTH_TIME))
    snr = SNR_H1
    n = power.shape[1]
    psd, presence, smooth = np.zeros(n), np.zeros(n), power[0].copy()
    low = np.full((parts, n), np.inf)
    out = []
    for t, p in enumerate(power):
        part = t // part_frames % parts
        if t % part_frames == 0:
            low[part] = np.inf
        if t > 0:
            smooth = keep_floor * smooth + (1 - keep_floor) * p
        low[part] = np.minimum(low[part], smooth)
        if t < start:
            psd = psd + (p - psd) / (t + 1)
        else:
            ratio = np.minimum(p / np.where(psd > 0, psd, 1.0), 200.0)
            speech = 1 / (1 + (1 + snr) * np.exp(-ratio * snr / (1 + snr)))
            presence = np.where(psd > 0, keep_presence * presence + (1 - keep_presence) * speech,
                                presence)
            speech = np.where(presence > STUCK, np.minimum(speech, STUCK), speech)
            noise = speech * psd + (1 - speech) * p
            psd = np.where(psd > 0, keep * psd + (1 - keep) * noise, p)
            psd = np.maximum(psd, low.min(axis=0))
        out.append(psd)
    return np.array(out)


def decibels(spec, over, under):
    """clamp((10 log10(over / under) + offset) scale, low, high); low where one is zero."""
    good = (over > 0) & (under > 0)
    ratio = np.where(good, over, 1.0) / np.where(good, under, 1.0)
    x = (10 * np.log10(ratio) + spec["offset"]) * spec["scale"]
    return np.where(good, np.clip(x, spec["low"], spec["high"]), spec["low"])


def phase_advance(spectra, n, hop, window):
    """cos and sin, interleaved, of arg X(t) - arg X(t - 1) - 2 pi k hop / window; 0, 0 where that is
    undefined (silence, bins at or above Nyquist)."""
    k = np.arange(spectra.shape[1])
    past = np.concatenate([np.zeros((1, len(k))), spectra[:-1]])
    turn = spectra * np.conj(past) * np.exp(-2j * np.pi * (k * hop % window) / window)
    size = np.abs(turn)
    turn = np.where(size > 0, turn / np.where(size > 0, size, 1.0), 0.0)
    turn[:, -1] = 0.0
    out = np.zeros((len(spectra), n, 2))
    m = min(n, len(k))
    out[:, :m, 0], out[:, :m, 1] = turn[:, :m].real, turn[:, :m].imag
    return out.reshape(len(spectra), 2 * n)


def features(front, spectra, window, hop, rate):
    """[T][bins] complex to [T][graph input]."""
    power = np.abs(spectra) ** 2
    weights, present = band_weights(front["bands_hz"], window, rate)
    bands = band_powers(weights, present, front["bands_hz"], window, rate, power)
    out = []
    for spec in front["features"]:
        if spec["kind"] == "phase_advance":
            out.append(phase_advance(spectra, spec["bins"], hop, window))
            continue
        if spec["kind"] == "log_level":
            under = causal_level(power, hop / rate, front["level_rise"], front["level_fall"])
            under = np.tile(under[:, None], (1, bands.shape[1]))
        else:
            under = noise_power(bands, hop / rate)
        x = decibels(spec, bands, under)
        x[:, present:] = spec["low"]
        out.append(x)
    return np.concatenate(out, axis=1)


def apply_mask(front, spectra, mask, window, rate):
    """Y_k(t) = g_k (X_k(t) + sum_j c_kj X_k(t - j)), the sum for the lowest tap_bins bins."""
    n_bands, taps, tap_bins = len(front["bands_hz"]), front["taps"], front["tap_bins"]
    weights, _ = band_weights(front["bands_hz"], window, rate)
    gains = np.clip(mask[:, :n_bands], 0.0, 1.0) @ weights
    out = spectra.copy()
    if taps > 0:
        pairs = np.clip(mask[:, n_bands:], -8.0, 8.0).reshape(len(mask), tap_bins, taps, 2)
        c = pairs[..., 0] + 1j * pairs[..., 1]
        m = min(tap_bins, spectra.shape[1])
        for j in range(taps):
            past = np.concatenate([np.zeros((j, m)), spectra[:, :m]])[:len(spectra)]
            out[:, :m] += c[:, :m, j] * past
    return gains * out


def denoise_stft(model, x, rate):
    """The estimate of sample t - window at t, for every t."""
    front = model.front
    window, hop = geometry(front, rate)
    shape = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window))
    squares = np.zeros(window)
    for start in range(-window, window + 1):
        if start % hop == 0:
            shifted = np.arange(window) - start
            inside = (shifted >= 0) & (shifted < window)
            squares[inside] += shape[shifted[inside]] ** 2
    n_frames = len(x) // hop
    padded = np.concatenate([np.zeros(window - hop), x])
    frames = np.array([padded[m * hop:m * hop + window] for m in range(n_frames)])
    spectra = np.fft.rfft(shape * frames, axis=1)
    mask = run_graph(model, features(front, spectra, window, hop, rate))
    estimate = np.fft.irfft(apply_mask(front, spectra, mask, window, rate), window, axis=1)
    out = np.zeros(len(x) + 2 * window)
    for m in range(n_frames):
        start = (m + 1) * hop
        out[start:start + window] += shape / squares * estimate[m]
    return out[:len(x)]


# ---- front end "wave" ----------------------------------------------------------------------------

def denoise_wave(model, x, rate):
    """The estimate of sample t - (hop_samples - 1 + lag_samples) at t, for every t."""
    front = model.front
    hop, lag = front["hop_samples"], front["lag_samples"]
    time = max(1.0, front["scale_time"] * (rate if front["rate"] > 0 else 1.0))
    x = np.array(x, float)
    for t in range(len(x)):
        if not np.isfinite(x[t]):
            x[t] = x[t - 1] if t > 0 else 0.0
    mean = variance = seen = 0.0
    means, scales = [], []
    for t, sample in enumerate(x):
        seen = min(seen + 1.0, time)
        step = sample - mean
        mean += step / seen
        variance = (1 - 1 / seen) * (variance + step * step / seen)
        if (t + 1) % hop == 0:
            means.append(mean)
            scales.append(math.sqrt(variance))
    means, scales = np.array(means)[:, None], np.array(scales)[:, None]
    n = len(means) * hop
    frames = x[:n].reshape(-1, hop)
    scaled = np.where(scales > 0, (frames - means) / np.where(scales > 0, scales, 1.0), 0.0)
    y = scales * np.clip(run_graph(model, scaled), -1e6, 1e6)
    if front["predicts_noise"]:
        y = np.concatenate([np.zeros(lag), x[:n]])[:n].reshape(-1, hop) - y
    else:
        y = y + means
    return np.concatenate([np.zeros(hop - 1), y.reshape(-1)])[:len(x)]


def denoise(model, x, rate):
    return (denoise_stft if model.front["kind"] == "stft" else denoise_wave)(model, x, rate)


# ---- models for the tests ------------------------------------------------------------------------

class Builder:
    """Nodes one after the other, with random weights of a size that keeps signals about 1."""

    def __init__(self, width, seed):
        self.graph, self.tensors = {"input": width, "nodes": []}, {}
        self.random = np.random.default_rng(seed)

    def add(self, name, op, inputs, shapes=(), **attrs):
        inputs = [inputs] if isinstance(inputs, str) else inputs
        self.graph["nodes"].append(dict(name=name, op=op, inputs=inputs, **attrs))
        for suffix, shape in dict(shapes).items():
            x = self.random.standard_normal(shape)
            if suffix == "running_var":
                x = 0.5 + x ** 2
            elif suffix.startswith("weight") and len(shape) > 1:
                fan_in = np.prod(shape[1:]) if op != "conv_freq_transposed" else np.prod(
                    [shape[0], *shape[2:]])
                x = x / math.sqrt(fan_in)
            else:
                x = 0.3 * x
            self.tensors["%s.%s" % (name, suffix)] = x.astype(np.float32).astype(float)
        return name

    def model(self, front, name):
        return Model(self.graph, front, self.tensors,
                     {"sordino.name": name, "sordino.licence": "ISC", "sordino.seed": "1",
                      "sordino.command": "models/reference.py make-golden"})


def wave_front(hop, rate=0.0, lag=0, predicts_noise=False, scale_time=50.0):
    return {"kind": "wave", "hop_samples": hop, "lag_samples": lag, "rate": rate,
            "predicts_noise": predicts_noise, "scale_time": scale_time}


LEVEL = {"kind": "log_level", "offset": 20, "scale": 0.03125, "low": -1.5, "high": 1.5}
SNR = {"kind": "log_snr", "offset": 0, "scale": 0.0625, "low": -1, "high": 2}


def stft_front(bands, features_, taps=0, tap_bins=0, window=0.02, hop=0.01):
    return {"kind": "stft", "window": window, "hop": hop, "bands_hz": bands, "features": features_,
            "level_rise": 0.05, "level_fall": 1.5, "taps": taps, "tap_bins": tap_bins}


def op_models():
    """(name, graph): every op alone, in several shapes."""
    def one(name, width, op, shapes=(), **attrs):
        b = Builder(width, zlib.crc32(name.encode()))
        b.add("n", op, "input", shapes, **attrs)
        return name, b

    yield one("conv1d", 5, "conv1d", {"weight": (7, 5, 3), "bias": (7,)}, kernel=3, out=7,
              dilation=4)
    yield one("conv1d-groups", 6, "conv1d", {"weight": (9, 2, 2)}, kernel=2, out=9, groups=3,
              bias=0)
    yield one("conv1d-depthwise", 21, "conv1d", {"weight": (21, 1, 3), "bias": (21,)}, kernel=3,
              out=21, groups=21, dilation=2)
    yield one("conv1d-wide", 9, "conv1d", {"weight": (150, 9, 1), "bias": (150,)}, kernel=1,
              out=150)
    yield one("conv-freq", 24, "conv_freq", {"weight": (5, 3, 2, 3), "bias": (5,)}, freq=8,
              out=5, kernel_t=2, kernel_f=3, dilation_t=3, stride_f=2)
    yield one("conv-freq-pad", 21, "conv_freq", {"weight": (4, 3, 1, 4)}, freq=7, out=4,
              kernel_t=1, kernel_f=4, pad_f=3, bias=0)
    yield one("conv-freq-depthwise", 24, "conv_freq", {"weight": (6, 1, 3, 3), "bias": (6,)},
              freq=4, out=6, kernel_t=3, kernel_f=3, groups=6)
    yield one("conv-freq-groups", 24, "conv_freq", {"weight": (4, 3, 3, 3), "bias": (4,)},
              freq=4, out=4, kernel_t=3, kernel_f=3, groups=2)
    yield one("conv-freq-transposed", 12, "conv_freq_transposed",
              {"weight": (3, 3, 2, 3), "bias": (3,)}, freq=4, out=3, kernel_t=2, kernel_f=3,
              stride_f=2, out_pad_f=1, dilation_t=2)
    yield one("conv-freq-transposed-groups", 20, "conv_freq_transposed",
              {"weight": (4, 2, 1, 3)}, freq=5, out=4, kernel_t=1, kernel_f=3, groups=2, pad_f=0,
              bias=0)
    yield one("dense", 17, "dense", {"weight": (33, 17), "bias": (33,)}, out=33)
    yield one("dense-no-bias", 3, "dense", {"weight": (1, 3)}, out=1, bias=0)
    yield one("prelu", 12, "prelu", {"weight": (4,)}, channels=4)
    yield one("prelu-shared", 5, "prelu", {"weight": (1,)}, channels=1)
    yield one("prelu-all", 5, "prelu", {"weight": (5,)})
    for op in ("relu", "tanh", "sigmoid", "gelu"):
        yield one(op, 19, op)
    yield one("gelu-tanh", 19, "gelu", approximate=1)
    yield one("slice", 20, "slice", start=11, count=7)
    yield one("scale", 12, "scale", {"weight": (3,), "bias": (3,)}, channels=3)
    yield one("batch-norm", 12, "batch_norm",
              {"weight": (4,), "bias": (4,), "running_mean": (4,), "running_var": (4,)},
              channels=4, eps=1e-3)
    yield one("layer-norm", 18, "layer_norm", {"weight": (18,), "bias": (18,)})
    yield one("running-norm", 5, "running_norm", time=8.5, eps=1e-4)
    yield one("transpose", 21, "transpose", rows=3)
    yield one("pad", 19, "pad", before=3, after=12)
    yield one("gru-freq", 15, "gru_freq",
              {"weight_ih": (21, 3), "weight_hh": (21, 7), "bias_ih": (21,), "bias_hh": (21,)},
              freq=5, hidden=7)
    yield one("gru-freq-no-bias", 32, "gru_freq", {"weight_ih": (48, 8), "weight_hh": (48, 16)},
              freq=4, hidden=16, bias=0)
    b = Builder(6, 77)
    b.add("a", "dense", "input", {"weight": (6, 6), "bias": (6,)}, out=6)
    b.add("s", "add", ["input", "a", "input"])
    b.add("m", "mul", ["s", "a"])
    b.add("c", "concat", ["m", "input", "a"])
    yield "combine", b


def frame_model(b, name):
    """A wave model of it: where the output is not as wide as the input, a dense layer follows."""
    width = b.graph["input"]
    out = run_graph(b, np.zeros((1, width))).shape[1]
    if out != width:
        b.add("fit", "dense", b.graph["nodes"][-1]["name"], {"weight": (width, out)}, out=width,
              bias=0)
    return b.model(wave_front(width), name)


def block(b, x, width, hidden, dilation, name):
    """A residual block of the kind a band network is made of."""
    b.add(name + ".in", "conv1d", x, {"weight": (hidden, width, 1), "bias": (hidden,)}, kernel=1,
          out=hidden)
    b.add(name + ".act1", "prelu", name + ".in", {"weight": (hidden,)}, channels=hidden)
    b.add(name + ".norm", "batch_norm", name + ".act1",
          {"weight": (hidden,), "bias": (hidden,), "running_mean": (hidden,),
           "running_var": (hidden,)}, channels=hidden)
    b.add(name + ".depth", "conv1d", name + ".norm", {"weight": (hidden, 1, 3), "bias": (hidden,)},
          kernel=3, out=hidden, groups=hidden, dilation=dilation)
    b.add(name + ".act2", "gelu", name + ".depth")
    b.add(name + ".out", "conv1d", name + ".act2", {"weight": (width, hidden, 1), "bias": (width,)},
          kernel=1, out=width)
    return b.add(name + ".sum", "add", [x, name + ".out"])


def band_model(seed, kinds, taps=0, tap_bins=0, window=0.02, hop=0.01):
    bands = [0, 150, 300, 500, 800, 1200, 1800, 2600, 3700, 5200, 7300, 10000, 14000, 20000]
    front = stft_front(bands, kinds, taps, tap_bins, window, hop)
    width = sum(2 * k["bins"] if k["kind"] == "phase_advance" else len(bands) for k in kinds)
    b = Builder(width, seed)
    x = b.add("front", "conv1d", "input", {"weight": (10, width, 1), "bias": (10,)}, kernel=1,
              out=10)
    for i, dilation in enumerate((1, 3)):
        x = block(b, x, 10, 14, dilation, "block%d" % i)
    b.add("gains", "dense", x, {"weight": (len(bands), 10), "bias": (len(bands),)}, out=len(bands))
    out = b.add("mask", "sigmoid", "gains")
    if taps:
        n = 2 * taps * tap_bins
        b.add("taps", "dense", x, {"weight": (n, 10), "bias": (n,)}, out=n)
        b.add("bounded", "tanh", "taps")
        b.add("all", "concat", [out, "bounded"])
    return b.model(front, "band test")


def freq_model(seed):
    """Frequency-shared convolutions down and up, with a skip; 8 bands x 1 feature."""
    bands = [0, 250, 500, 1000, 2000, 4000, 6000, 8000]
    b = Builder(8, seed)
    b.add("down", "conv_freq", "input", {"weight": (4, 1, 2, 3), "bias": (4,)}, freq=8, out=4,
          kernel_t=2, kernel_f=3, stride_f=2)
    b.add("act", "prelu", "down", {"weight": (4,)}, channels=4)
    b.add("norm", "layer_norm", "act", {"weight": (16,), "bias": (16,)})
    b.add("mix", "conv_freq", "norm", {"weight": (4, 1, 3, 3), "bias": (4,)}, freq=4, out=4,
          kernel_t=3, kernel_f=3, groups=4, dilation_t=2)
    b.add("skip", "concat", ["mix", "act"])
    b.add("select", "slice", "skip", start=0, count=16)
    b.add("more", "mul", ["select", "act"])
    b.add("sum", "add", ["mix", "more"])
    b.add("up", "conv_freq_transposed", "sum", {"weight": (4, 1, 2, 3), "bias": (1,)}, freq=4,
          out=1, kernel_t=2, kernel_f=3, stride_f=2, out_pad_f=1)
    b.add("scaled", "scale", "up", {"weight": (8,), "bias": (8,)}, channels=8)
    b.add("mask", "sigmoid", "scaled")
    return b.model(stft_front(bands, [LEVEL]), "frequency test")


def memory_model(seed):
    """Levels and phases arranged by band, convolutions with a recurrent layer between them."""
    bands = [0, 250, 500, 1000, 2000, 4000, 6000, 8000]
    b = Builder(20, seed)
    b.add("levels", "slice", "input", start=0, count=8)
    b.add("phases", "slice", "input", start=8, count=12)
    b.add("filled", "pad", "phases", after=4)
    b.add("turned", "transpose", "filled", rows=8)
    b.add("kinds", "concat", ["levels", "turned"])
    b.add("bands", "transpose", "kinds", rows=3)
    b.add("down", "conv_freq", "bands", {"weight": (6, 3, 2, 4), "bias": (6,)}, freq=8, out=6,
          kernel_t=2, kernel_f=4, stride_f=2)
    b.add("act", "prelu", "down", {"weight": (6,)}, channels=6)
    b.add("memory", "gru_freq", "act",
          {"weight_ih": (15, 6), "weight_hh": (15, 5), "bias_ih": (15,), "bias_hh": (15,)},
          freq=4, hidden=5)
    b.add("out", "conv_freq", "memory", {"weight": (6, 5, 1, 1), "bias": (6,)}, freq=4, out=6)
    b.add("sum", "add", ["act", "out"])
    b.add("up", "conv_freq_transposed", "sum", {"weight": (6, 1, 1, 4), "bias": (1,)}, freq=4,
          out=1, kernel_f=4, stride_f=2)
    b.add("mask", "sigmoid", "up")
    return b.model(stft_front(bands, [LEVEL, {"kind": "phase_advance", "bins": 6}]), "memory test")


def wave_model(seed, hop, rate=0.0, lag=0, predicts_noise=False):
    b = Builder(hop, seed)
    b.add("norm", "running_norm", "input", time=30.0)
    x = b.add("front", "conv1d", "norm", {"weight": (8, hop, 3), "bias": (8,)}, kernel=3, out=8)
    for i, dilation in enumerate((1, 4)):
        x = block(b, x, 8, 8, dilation, "block%d" % i)
    b.add("out", "dense", x, {"weight": (hop, 8), "bias": (hop,)}, out=hop)
    return b.model(wave_front(hop, rate, lag, predicts_noise), "wave test")


def test_signal(n, rate, seed):
    """Sweeping tones that come and go, in noise; a pause; samples rounded to float."""
    random = np.random.default_rng(seed)
    t = np.arange(n) / rate
    end = n / rate
    x = 0.05 * random.standard_normal(n)
    for f, k in ((0.011, 3), (0.031, 5), (0.083, 4)):
        tone = np.sin(2 * np.pi * rate * f * t * (1 + 0.2 * t / end))
        x += 0.2 * tone * (np.sin(2 * np.pi * k * t / end) > 0)
    x[n // 2:n // 2 + n // 16] = 0.0
    return x.astype(np.float32)


def make_golden(folder):
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    golden = folder or os.path.join(root, "tests", "golden")
    data = folder or os.path.join(root, "tests", "data")
    corpus = folder or os.path.join(root, "tests", "fuzz", "corpus", "model")
    for path in (golden, data, corpus):
        os.makedirs(path, exist_ok=True)

    def write(name, inputs, outputs):
        np.asarray(inputs, "<f4").tofile(os.path.join(golden, name + ".in.f32"))
        np.asarray(outputs, "<f4").tofile(os.path.join(golden, name + ".out.f32"))

    def graph_case(name, model, n_frames):
        save(model, os.path.join(golden, name + ".safetensors"))
        save(model, os.path.join(corpus, name), crc=False)
        random = np.random.default_rng(zlib.crc32(name.encode()))
        frames = random.standard_normal((n_frames, model.graph["input"])).astype(np.float32)
        write(name, frames, run_graph(model, frames))

    def end_to_end(name, model, rate, n):
        name = "%s-%d-end-to-end" % (name, rate)
        save(model, os.path.join(golden, name + ".safetensors"))
        x = test_signal(n, rate, zlib.crc32(name.encode()))
        write(name, x, denoise(model, x, rate))

    for name, builder in op_models():
        graph_case("op-" + name, frame_model(builder, name), 16)
    phase = {"kind": "phase_advance", "bins": 9}
    bands = band_model(1, [LEVEL, phase], taps=2, tap_bins=9)
    graph_case("net-bands", bands, 20)
    graph_case("net-frequency", freq_model(2), 20)
    graph_case("net-wave", wave_model(3, 4), 40)
    graph_case("net-memory", memory_model(8), 60)
    end_to_end("stft", bands, 16000, 1600)
    end_to_end("stft", bands, 44100, 2600)
    end_to_end("stft-snr", band_model(4, [LEVEL, SNR]), 8000, 3200)
    end_to_end("stft-frequency", freq_model(2), 16000, 1600)
    end_to_end("stft-memory", memory_model(8), 16000, 1600)
    end_to_end("stft-hop", band_model(5, [LEVEL], window=0.016, hop=0.005), 16000, 1600)
    end_to_end("wave", wave_model(6, 1, lag=3, predicts_noise=True), 100, 600)
    end_to_end("wave-hop", wave_model(7, 4, rate=495.0, lag=2), 500, 600)
    save(bands, os.path.join(data, "stft-1.0.safetensors"))
    save(wave_model(3, 4, rate=12.5, lag=1, predicts_noise=True),
         os.path.join(data, "wave-1.0.safetensors"))
    save(memory_model(8), os.path.join(data, "stft-1.1.safetensors"))
    psd = np.random.default_rng(9).random((2, 9))
    with open(os.path.join(data, "profile-1.0.safetensors"), "wb") as file:
        file.write(save_profile(psd, 44100))
    with open(os.path.join(corpus, "profile"), "wb") as file:
        file.write(save_profile(psd, 44100, crc=False))


def save_profile(psd, rate, crc=True):
    return save_tensors({"noise_psd": psd}, {"sordino.format": "1.0", "sordino.rate": compact(rate),
                                             "sordino.kind": "noise-profile"}, crc)


# ---- command line --------------------------------------------------------------------------------

def describe(model):
    for key in sorted(model.metadata):
        print("%s: %s" % (key, model.metadata[key]))
    print("front end: %s" % compact(model.front))
    print("input: %d" % model.graph["input"])
    for node in model.graph["nodes"]:
        attrs = {k: v for k, v in node.items() if k not in ("name", "op", "inputs")}
        print("%s = %s(%s) %s" % (node["name"], node["op"], ", ".join(node["inputs"]),
                                  compact(attrs) if attrs else ""))
    print("%d tensors, %d weights" % (len(model.tensors),
                                      sum(x.size for x in model.tensors.values())))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("describe", "print metadata, front end and graph"),
                       ("run", "run frames (raw 32-bit floats) through the graph"),
                       ("denoise", "denoise samples (raw 32-bit floats), front end and all"),
                       ("rewrite", "write the same model in canonical form")):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("model")
        if name in ("run", "denoise"):
            command.add_argument("input")
        if name != "describe":
            command.add_argument("output")
        if name == "denoise":
            command.add_argument("--rate", type=float, required=True, help="Hz")
    text = "write the inputs and outputs of tests/golden, tests/data and the fuzz corpus"
    commands.add_parser("make-golden", help=text, description=text).add_argument(
        "folder", nargs="?", help="put everything here instead")
    options = parser.parse_args()
    if options.command == "make-golden":
        return make_golden(options.folder)
    model = load(options.model)
    if options.command == "describe":
        describe(model)
    elif options.command == "rewrite":
        save(model, options.output)
    else:
        x = np.fromfile(options.input, "<f4").astype(float)
        if options.command == "run":
            y = run_graph(model, x.reshape(-1, model.graph["input"]))
        else:
            y = denoise(model, x, options.rate)
        np.asarray(y, "<f4").tofile(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
