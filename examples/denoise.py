"""Sordino from Python, by ctypes and NumPy: denoise(x, rate) removes the noise from an array.

    python3 denoise.py IN.npy OUT.npy RATE      (samples, or samples x channels)
"""
import ctypes
import ctypes.util
import os
import sys

import numpy as np

NETWORK, WIENER, KALMAN, PREDICTOR = range(4)


class Config(ctypes.Structure):
    """sordino_config of sordino/sordino.h, field by field."""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("method", ctypes.c_int),
        ("rate", ctypes.c_double),
        ("channels", ctypes.c_uint32),
        ("link_channels", ctypes.c_bool),
        ("gain_rule", ctypes.c_int),
        ("window", ctypes.c_double),
        ("hop", ctypes.c_double),
        ("lag", ctypes.c_uint32),
        ("min_latency", ctypes.c_uint32),
        ("limit", ctypes.c_double),
        ("mix", ctypes.c_double),
        ("delta", ctypes.c_bool),
        ("enabled", ctypes.c_bool),
    ]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("text", ctypes.c_char * 256)]


library = ctypes.CDLL(
    os.environ.get("SORDINO_LIBRARY") or ctypes.util.find_library("sordino") or "libsordino.so.0"
)
floats = np.ctypeslib.ndpointer(np.float32, flags="C_CONTIGUOUS")
library.sordino_config_init_size.argtypes = [ctypes.POINTER(Config), ctypes.c_size_t]
library.sordino_config_init_size.restype = None
library.sordino_denoise.argtypes = [
    ctypes.POINTER(Config), ctypes.c_void_p, ctypes.c_void_p, floats, floats, ctypes.c_size_t,
    ctypes.POINTER(Error),
]


def denoise(x, rate, **fields):
    """The samples without their noise, in the same shape. Fields are those of Config."""
    config, why = Config(), Error()
    library.sordino_config_init_size(config, ctypes.sizeof(config))
    config.rate = rate
    config.channels = x.shape[1] if x.ndim > 1 else 1
    for name, value in fields.items():
        setattr(config, name, value)
    x = np.ascontiguousarray(x, np.float32)
    y = np.empty_like(x)
    if library.sordino_denoise(config, None, None, x, y, len(x), why):
        raise ValueError(why.text.decode())
    return y


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    np.save(sys.argv[2], denoise(np.load(sys.argv[1]), float(sys.argv[3])))
