#!/usr/bin/env python3
"""The committed golden files are those that models/reference.py makes: models to the byte, numbers
within what another NumPy's sums may differ by. Skipped (77) without NumPy."""
import filecmp
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REFERENCE = os.path.join(ROOT, "models", "reference.py")
TOLERANCE = 1e-5 # of a file's largest value; sums in double, rounded to float once

try:
    import numpy as np
except ImportError:
    # A Python of one's own first in the path often lacks what the system's has.
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("NumPy is not installed for " + sys.executable)
    sys.exit(77)


def differs(name, made, kept):
    """Why two files are not the same, or None."""
    if not os.path.exists(kept):
        return "is not committed"
    if not name.endswith(".out.f32"):
        return None if filecmp.cmp(made, kept, shallow=False) else "has other bytes"
    a, b = np.fromfile(made, "<f4"), np.fromfile(kept, "<f4")
    if a.shape != b.shape:
        return "has another length"
    off = np.max(np.abs(a - b)) / np.max(np.abs(b))
    return None if off <= TOLERANCE else "is off by %.1e" % off


def main():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, REFERENCE, "make-golden", folder], check=True)
        for name in sorted(os.listdir(folder)):
            place = "golden"
            if "-1.0." in name or "-1.1." in name:
                place = "data"
            elif "." not in name:
                place = os.path.join("fuzz", "corpus", "model")
            kept = os.path.join(ROOT, "tests", place, name)
            why = differs(name, os.path.join(folder, name), kept)
            if why:
                wrong.append("%s %s" % (kept, why))
        count = len(os.listdir(folder))
    print("%d files, %d wrong" % (count, len(wrong)))
    for line in wrong:
        print("reference: " + line)
    return 1 if wrong or count < 50 else 0


sys.exit(main())
