#!/usr/bin/env python3
"""Writes stoi.csv: STOI and ESTOI of synthetic signals by the public implementation pystoi.

    PYTHONPATH=path/to/pystoi python3 make_stoi_golden.py > stoi.csv

needs numpy, scipy and pystoi 0.4 (https://github.com/mpariente/pystoi). tests/unit/test_stoi.c makes
the same signals by the same formulas. A row whose signal is too short for pystoi holds its 1e-5.

With two arguments, CLEAN PROCESSED, it prints both figures of two 16- or 32-bit WAV files instead.
"""
import sys
import warnings

import numpy as np
import pystoi
import scipy.io.wavfile

warnings.simplefilter("ignore")

# rate in Hz, seconds, seed, noise amplitude, voice (0 plain, 1 clipped, 2 faded, 3 no signal)
CASES = [
    (10000, 3.0, 1, 0.05, 0),
    (10000, 3.0, 2, 0.0, 0),
    (10000, 3.0, 3, 1.0, 1),
    (8000, 3.0, 4, 0.05, 0),
    (8000, 2.0, 5, 0.2, 2),
    (11025, 2.5, 6, 0.1, 1),
    (16000, 3.0, 7, 0.02, 0),
    (16000, 3.0, 8, 0.3, 0),
    (16000, 2.0, 9, 0.1, 2),
    (16000, 2.0, 10, 0.1, 3),
    (22050, 2.0, 11, 0.05, 1),
    (32000, 2.0, 12, 0.1, 0),
    (44100, 2.5, 13, 0.05, 0),
    (48000, 2.5, 14, 0.05, 2),
    (48000, 2.5, 15, 0.3, 1),
    (96000, 1.5, 16, 0.1, 0),
    (16000, 1.1, 17, 0.1, 0),
    (16000, 0.3, 18, 0.1, 0),
    (10000, 0.7937, 19, 0.1, 0),
]


def noise(seed, n):
    """Uniform -1..1 by the linear congruence x' = 1664525 x + 1013904223 (mod 2^32)."""
    out = np.empty(n)
    state = seed
    for i in range(n):
        state = (1664525 * state + 1013904223) % 4294967296
        out[i] = (state >> 8) / 8388608.0 - 1.0
    return out


def clean_signal(rate, n, seed):
    """Syllables, three a second, of a gliding harmonic tone and of hiss; every third one is a pause."""
    t = np.arange(n) / rate
    phase = 2 * np.pi * (110 + 10 * seed) * t + 8 * np.sin(2 * np.pi * 0.7 * t)
    envelope = np.maximum(0, np.sin(2 * np.pi * 3 * t)) ** 2
    hiss = np.maximum(0, -np.sin(2 * np.pi * 3 * t)) ** 4
    pause = np.floor(3 * t) % 3 == 2
    voice = np.zeros(n)
    for h in range(1, 25):
        voice += np.cos(h * phase + 0.3 * h * h) / np.sqrt(h)
    return np.where(pause, 1e-4, 0.1) * (envelope * voice + hiss * noise(seed, n))


def processed_signal(clean, rate, seed, amplitude, voice):
    t = np.arange(len(clean)) / rate
    if voice == 1:
        base = np.tanh(8 * clean) / 8
    elif voice == 2:
        base = clean * (0.5 + 0.5 * np.cos(2 * np.pi * 5 * t))
    elif voice == 3:
        base = 0 * clean
    else:
        base = clean
    return base + amplitude * noise(seed + 1000, len(clean))


def read(path):
    rate, samples = scipy.io.wavfile.read(path)
    scale = {"int16": 2.0**15, "int32": 2.0**31}.get(str(samples.dtype), 1.0)
    return rate, samples.astype(float) / scale


def main():
    if len(sys.argv) == 3:
        rate, x = read(sys.argv[1])
        _, y = read(sys.argv[2])
        n = min(len(x), len(y))
        for extended in (False, True):
            print("%.9f" % pystoi.stoi(x[:n], y[:n], rate, extended))
        return
    print("# rate,seconds,seed,noise,voice,stoi,estoi: by make_stoi_golden.py")
    for rate, seconds, seed, amplitude, voice in CASES:
        n = int(rate * seconds)
        x = clean_signal(rate, n, seed)
        y = processed_signal(x, rate, seed, amplitude, voice)
        np.random.seed(0)
        figures = [pystoi.stoi(x, y, rate, extended) for extended in (False, True)]
        print("%d,%g,%d,%g,%d,%.9f,%.9f" % (rate, seconds, seed, amplitude, voice, *figures))


main()
