"""Models as ONNX files give what the engine gives, in ONNX Runtime.

    test_onnx.py NET_TOOL ONNX_TOOL GOLDEN

Needs node with the package onnxruntime-node, found as node finds packages or in the folder
$SORDINO_ONNXRUNTIME; skipped where there is none.
"""
import array
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

NET_TOOL, ONNX_TOOL, GOLDEN = (os.path.abspath(path) for path in sys.argv[1:4])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
FRAMES = (1, 61)  # lengths; the second in the engine goes through calls of 7
# Sums of up to a thousand single-precision products in another order, on values about 1.
TOLERANCE = 1e-4
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_onnx.js")


def node_environment():
    """The environment in which node finds onnxruntime-node; None where there is none."""
    env = dict(os.environ)
    folder = env.get("SORDINO_ONNXRUNTIME")
    if folder:
        paths = [folder, os.path.join(folder, "node_modules"), env.get("NODE_PATH", "")]
        env["NODE_PATH"] = ":".join(filter(None, paths))
    try:
        found = subprocess.run(["node", "-e", "require('onnxruntime-node')"], env=env,
                               capture_output=True, timeout=60).returncode == 0
    except FileNotFoundError:
        found = False
    return env if found else None


def read_floats(path):
    with open(path, "rb") as file:
        return array.array("f", file.read())


def write_floats(path, values):
    with open(path, "wb") as file:
        array.array("f", values).tofile(file)


def metadata_of(path):
    """The texts of a safetensors file that an ONNX file is to have too."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        metadata = json.loads(file.read(size))["__metadata__"]
    made = ("sordino.crc32", "sordino.format", "sordino.graph", "sordino.kind")
    return {k: v for k, v in metadata.items() if k not in made}


def input_width(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return json.loads(json.loads(file.read(size))["__metadata__"]["sordino.graph"])["input"]


def jobs_for(models):
    draw = random.Random(SEED)
    jobs = []
    for model in models:
        name = os.path.basename(model)[:-len(".safetensors")]
        subprocess.run([ONNX_TOOL, model, name + ".onnx"], check=True, timeout=60)
        with open(name + ".onnx", "rb") as file:
            data = file.read()
        for key, value in metadata_of(model).items():
            assert key.encode() in data and value.encode() in data, (name, key)
        for n in FRAMES:
            run = "%s-%d" % (name, n)
            width = input_width(model)
            write_floats(run + ".in", (draw.gauss(0, 1) for _ in range(n * width)))
            subprocess.run([NET_TOOL, "run", model, run + ".in", run + ".engine"], check=True,
                           timeout=60)
            jobs.append({"model": name + ".onnx", "input": run + ".in", "width": width,
                         "output": run + ".onnx-out", "engine": run + ".engine"})
    return jobs


def main():
    env = node_environment()
    if not env:
        print("onnxruntime-node was not found; name its folder in SORDINO_ONNXRUNTIME")
        return 77
    print("SORDINO_TEST_SEED=%d" % SEED)
    folder = tempfile.mkdtemp()
    try:
        os.chdir(folder)
        models = sorted(glob.glob(GOLDEN + "/op-*.safetensors") +
                        glob.glob(GOLDEN + "/net-*.safetensors"))
        for preset in ("speech-s", "speech-x", "speech-gru", "sensor"):
            subprocess.run([NET_TOOL, "preset", preset, preset + ".safetensors"], check=True,
                           timeout=60, stdout=subprocess.DEVNULL)
            models.append(os.path.abspath(preset + ".safetensors"))
        jobs = jobs_for(models)
        with open("jobs.json", "w", encoding="utf-8") as file:
            json.dump(jobs, file)
        subprocess.run(["node", SCRIPT, "jobs.json"], check=True, timeout=250, env=env,
                       stdout=subprocess.DEVNULL)
        wrong = 0
        for job in jobs:
            engine, onnx = (read_floats(job[key]) for key in ("engine", "output"))
            assert len(engine) == len(onnx) > 0, (job, len(engine), len(onnx))
            off = max(abs(a - b) for a, b in zip(engine, onnx))
            good = off <= TOLERANCE
            print("%-44s %6d values, off by %.1e%s" % (job["output"], len(engine), off,
                                                       "" if good else "  WRONG"))
            wrong += not good
        return 1 if wrong or len(models) < 30 else 0
    finally:
        os.chdir("/")
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
