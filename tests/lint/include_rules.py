"""Checks every #include of the project against who may include whom.

    include_rules.py ROOT        checks the tree
    include_rules.py --control   checks that forbidden edges are found
"""
import os
import re
import sys

# Folders of the core from the bottom up, each with those it may include besides itself and the
# public headers. The public headers count as the bottom: they include nothing of ours but each other.
CORE = {
    "base": set(),
    "kernels": {"base"},
    "ops": {"kernels", "base"},
    "graph": {"ops", "kernels", "base"},
    "plan": {"graph", "ops", "kernels", "base"},
    "dsp": {"base"},
    "model": {"dsp", "graph", "plan", "kernels", "base"},
    "denoiser": {"model", "plan", "dsp", "graph", "ops", "kernels", "base"},
}

# Third-party headers, and the only files that may include them (a folder ends with a slash).
THIRD_PARTY = {
    "fftw3.h": ["core/dsp/fft.c", "common/rfft.c", "tests/unit/test_planner.c"],
    "jansson.h": ["core/model/", "offline/", "trainer/"],
    "sndfile.h": ["common/sound/", "offline/eval/", "stream/", "trainer/data/", "tests/quality/",
                  "examples/"],
    "portaudio.h": ["stream/", "examples/"],
    "pa_jack.h": ["stream/audio_pa.c"],
    "jack/jack.h": ["tests/support/"],
    "espeak-ng/speak_lib.h": ["trainer/data/"],
    "mpi.h": ["trainer/"],
    "onnx.pb-c.h": ["trainer/onnx_build.c"],
    "zlib.h": ["common/gz_io.c"],
    "csv.h": ["common/table/"],
    "cairo.h": ["common/plot/", "trainer/"],
    "lv2/": ["plugin/", "bench/", "tests/unit/test_planner.c"],
    "lilv/lilv.h": ["bench/"],
    "cmocka.h": ["tests/support/cmocka_all.h"],
    "immintrin.h": ["core/kernels/", "core/base/fpenv.h"],
    "arm_neon.h": ["core/kernels/"],
    "cpuid.h": ["core/kernels/", "core/base/cpu.c"],
}
# At most so many files of the project may include one of these.
SINGLE = {"sndfile.h": 7, "portaudio.h": 3, "csv.h": 1, "cairo.h": 3, "espeak-ng/speak_lib.h": 1, "mpi.h": 1}

C_LIBRARY = set(
    "assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h "
    "signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h "
    "stdnoreturn.h string.h tgmath.h threads.h time.h uchar.h wchar.h".split()
)
# POSIX and Linux: not for the core, but for what its own line says.
SYSTEM = set(
    "dirent.h dlfcn.h fcntl.h fnmatch.h ftw.h getopt.h glob.h iconv.h libgen.h malloc.h poll.h pthread.h sched.h "
    "semaphore.h spawn.h termios.h strings.h sysexits.h unistd.h linux/filter.h linux/seccomp.h sys/ioctl.h sys/mman.h "
    "sys/prctl.h sys/resource.h sys/socket.h sys/stat.h sys/syscall.h sys/time.h sys/types.h sys/wait.h "
    "sys/auxv.h asm/hwcap.h".split()
)
# What others may use of the inside of the core. The trainer: the network and its signal processing,
# not the denoiser. What the programs share: signal processing; most of it is for programs that link
# the library as it is installed, which hides even that.
INSIDE = {
    "trainer": {"base", "kernels", "ops", "graph", "plan", "dsp", "model"},
    "common": {"base", "dsp"},
    "tests": set(CORE),
    "bench": set(CORE),
}

# The folders of common/, each with those it may include besides itself; "" is common/ alone.
COMMON = {
    "": set(),
    "metrics": {""},
    "plot": {""},
    "sound": {""},
    "table": {""},
}

# The programs: none looks into another.
PROGRAMS = ("offline", "plugin", "stream", "trainer")

CORE_SYSTEM = {
    "pthread.h": ["core/dsp/fft.c"],
    "fcntl.h": ["core/model/"],
    "unistd.h": ["core/model/"],
    "sys/stat.h": ["core/model/"],
    "sys/types.h": ["core/model/"],
    "sys/auxv.h": ["core/kernels/", "core/base/cpu.c"],
    "asm/hwcap.h": ["core/kernels/", "core/base/cpu.c"],
}


def within(path, places):
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def check_common(parts, to):
    """A header of common/ in any file."""
    if parts[0] == "core":
        return "the core may not include common"
    if parts[0] != "common":
        return None
    own, other = "/".join(parts[1:-1]), "/".join(to[1:-1])
    if own == other or other in COMMON.get(own, set()):
        return None
    return f"{'/'.join(parts[:-1])} may not include {'/'.join(to[:-1])}"


def check_project(path, header):
    """A header given from the root, as in "core/dsp/fft.h"."""
    parts, to = path.split("/"), header.split("/")
    if to[0] == "core" and len(to) == 3:
        if parts[0] == "core" and parts[1] in CORE:
            if to[1] != parts[1] and to[1] not in CORE[parts[1]]:
                return f"core/{parts[1]} may not include core/{to[1]}"
            return None
        if parts[0] not in INSIDE:
            return "outside the core only <sordino/...> may be included"
        return None if to[1] in INSIDE[parts[0]] else f"{parts[0]} may not include core/{to[1]}"
    if to[0] == "common":
        return check_common(parts, to)
    if to[0] == "tests":
        return None if parts[0] in ("tests", "bench") else "only tests and bench may include tests"
    if to[0] in PROGRAMS + ("bench",):
        allowed = (to[0], "tests", "bench") if to[0] != "bench" else ("bench",)
        return None if parts[0] in allowed else f"{parts[0]} may not include {to[0]}"
    return "project headers are written from the root"


def check_system(path, header):
    """A header in angle brackets."""
    if header.startswith("sordino/"):
        return None
    if path.startswith("core/include/"):
        good = header in ("stdbool.h", "stddef.h", "stdint.h")
        return None if good else "public headers include only stdbool.h, stddef.h and stdint.h"
    if header.startswith("lv2/"):
        header = "lv2/"
    if header in THIRD_PARTY:
        if within(path, THIRD_PARTY[header]):
            return None
        if path.startswith("tests/") and header != "cmocka.h":
            return None # a test may look at the same bytes through another library's eyes
        return f"{header} belongs in {' or '.join(THIRD_PARTY[header])}"
    if header in C_LIBRARY:
        if header == "assert.h" and path.startswith("tests/"):
            return "tests may not use assert.h"
        return None
    if header in SYSTEM:
        if path.startswith("core/") and not within(path, CORE_SYSTEM.get(header, [])):
            return f"the core does not use {header}" + (
                f" but in {' or '.join(CORE_SYSTEM[header])}" if header in CORE_SYSTEM else ""
            )
        return None
    return "an unknown header: name it in tests/lint/include_rules.py with where it belongs"


def rank(path, header, quoted):
    """Own header 0, project 1, <sordino/> and third-party 2, C library 3."""
    if quoted:
        return 0 if os.path.splitext(header)[0] == os.path.splitext(path)[0] else 1
    return 3 if header in C_LIBRARY or header in SYSTEM else 2


def check_file(path, text):
    """(line number, header, sentence) of everything wrong in one file; and what it includes."""
    wrong, headers, last = [], [], -1
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    own = os.path.splitext(path)[0] + ".h"
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if re.match(r"\s*#\s*(if|else|elif|endif)", line):
            last = -1  # order is judged within one branch
        if not found:
            continue
        quoted, header = found.group(1) == '"', found.group(2)
        headers.append(header)
        sentence = check_project(path, header) if quoted else check_system(path, header)
        if sentence:
            wrong.append((number, header, sentence))
        if path.endswith(".c") and header != own:
            place = rank(path, header, quoted)
            if place < last and last == 3 and quoted:
                wrong.append((number, header, "project headers come before those of the C library"))
            last = max(last, place)
        elif header == own and len(headers) > 1:
            wrong.append((number, header, "a file includes its own header first"))
    return wrong, headers


def project_files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build", "demo"))]
        for name in names:
            if name.endswith((".c", ".h")):
                yield os.path.relpath(os.path.join(folder, name), root)


def check_tree(root):
    wrong, users, n_files = [], {}, 0
    for path in sorted(project_files(root)):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            found, headers = check_file(path, file.read())
        wrong += [f"{path}:{number}: {header}: {sentence}" for number, header, sentence in found]
        n_files += 1
        for header in headers:
            if not path.startswith("tests/"):
                users.setdefault(header, []).append(path)
    for header, most in SINGLE.items():
        if len(users.get(header, [])) > most:
            wrong.append(f"{header}: included by {', '.join(users[header])}; at most {most} may")
    return wrong, n_files


# (file, include, whether it may)
CASES = [
    ("core/dsp/stft.c", '#include "core/dsp/fft.h"', True),
    ("core/dsp/stft.c", '#include "core/plan/plan.h"', False),
    ("core/kernels/pick.c", '#include "core/ops/op.h"', False),
    ("core/model/model_file.c", '#include "core/plan/plan.h"', True),
    ("core/model/model_file.c", '#include "core/denoiser/front.h"', False),
    ("core/denoiser/denoiser.c", '#include "core/model/model.h"', True),
    ("offline/main.c", "#include <sordino/sordino.h>", True),
    ("offline/main.c", '#include "core/dsp/stft.h"', False),
    ("core/dsp/stft.c", "#include <fftw3.h>", False),
    ("core/dsp/fft.c", "#include <fftw3.h>", True),
    ("core/denoiser/denoiser.c", "#include <jansson.h>", False),
    ("core/denoiser/denoiser.c", "#include <lv2/core/lv2.h>", False),
    ("plugin/plugin.c", "#include <lv2/core/lv2.h>", True),
    ("stream/raw_text.c", '#include "common/table/table_io.h"', True),
    ("stream/raw_text.c", '#include "offline/options.h"', False),
    ("trainer/run/score.c", '#include "offline/eval/report.h"', False),
    ("stream/noise.c", '#include "trainer/data/library.h"', False),
    ("plugin/models.c", '#include "stream/voices.h"', False),
    ("trainer/run/train.c", '#include "core/denoiser/front.h"', False),
    ("common/sound/signal_signs.c", '#include "core/dsp/fft.h"', True),
    ("common/models.c", '#include "core/model/model.h"', False),
    ("common/models.c", '#include "offline/options.h"', False),
    ("common/fail.c", '#include "common/sound/wav_io.h"', False),
    ("common/table/table_io.c", '#include "common/byte_io.h"', True),
    ("common/table/table_io.c", '#include "common/plot/plot.h"', False),
    ("core/base/status.c", '#include "common/fail.h"', False),
    ("tests/unit/test_plot.c", '#include "common/plot/plot.h"', True),
    ("bench/bench_train.c", '#include "trainer/net/net.h"', True),
    ("offline/main.c", '#include "stream/raw_stream.h"', False),
    ("stream/audio_pa.c", "#include <portaudio.h>", True),
    ("stream/session.c", '#include "core/dsp/stft.h"', False),
    ("offline/main.c", '#include "stream/session.h"', False),
    ("plugin/plugin.c", '#include "core/dsp/stft.h"', False),
    ("core/dsp/wiener.c", "#include <unistd.h>", False),
    ("core/include/sordino/model.h", "#include <stdio.h>", False),
    ("tests/unit/test_a.c", "#include <assert.h>", False),
    ("core/base/status.c", '#include "error.h"', False),
    ("core/base/status.c", "#include <curses.h>", False),
    ("core/base/status.c", '#include <stdio.h>\n#include "core/base/error.h"', False),
    ("core/base/status.c", '/* #include "core/ops/op.h" */', True),
]


def control():
    n_wrong = 0
    for path, line, expected in CASES:
        found, _ = check_file(path, line)
        if (not found) != expected:
            print(f"{path}: {line!r} was judged {'good' if not found else 'bad'}")
            n_wrong += 1
    print(f"{len(CASES)} cases, {n_wrong} misjudged")
    return 1 if n_wrong else 0


def main():
    if sys.argv[1] == "--control":
        return control()
    wrong, n_files = check_tree(sys.argv[1])
    for sentence in wrong:
        print(sentence)
    print(f"{n_files} files, {len(wrong)} wrong includes")
    return 1 if wrong or not n_files else 0


if __name__ == "__main__":
    sys.exit(main())
