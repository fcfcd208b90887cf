"""models/torch_graph.py and what models/FORMAT.md says of PyTorch's own layers, beside the engine.

    test_torch.py NET_TOOL GOLDEN

Skipped (77) without PyTorch.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

try:
    import numpy as np
    import torch
except ImportError:
    # A Python of one's own first in the path often lacks what the system's has.
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    print("PyTorch is not installed for " + sys.executable)
    sys.exit(77)

sys.path.insert(0, os.path.join(ROOT, "models"))
import reference  # noqa: E402
from torch_graph import TorchGraph, save_state  # noqa: E402

NET_TOOL, GOLDEN = (os.path.abspath(path) for path in sys.argv[1:3])
SEED = int(os.environ.get("SORDINO_TEST_SEED", "1"))
# Of the largest value: single precision through some thirty layers, against double.
TOLERANCE = 1e-5


def wave_front(width):
    return {"kind": "wave", "rate": 0, "hop_samples": width, "lag_samples": 0, "scale_time": 1000,
            "predicts_noise": False}


class Torch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder.name)
        torch.manual_seed(SEED)

    def engine(self, path, x):
        """x [frames][width] through the engine."""
        x.numpy().astype("<f4").tofile("in.f32")
        subprocess.run([NET_TOOL, "run", path, "in.f32", "out.f32"], check=True, timeout=60)
        return torch.from_numpy(np.fromfile("out.f32", "<f4").reshape(len(x), -1))

    def same(self, engine, network, what):
        off = ((engine - network).abs().max() / network.abs().max().clamp(min=1)).item()
        self.assertLessEqual(off, TOLERANCE, what)

    def test_every_op_and_preset_gives_what_the_engine_gives(self):
        models = sorted(glob.glob(GOLDEN + "/op-*.safetensors") +
                        glob.glob(GOLDEN + "/net-*.safetensors"))
        for preset in ("speech-s", "speech-x", "sensor"):
            subprocess.run([NET_TOOL, "preset", preset, preset + ".safetensors"], check=True,
                           stdout=subprocess.DEVNULL, timeout=60)
            models.append(preset + ".safetensors")
        self.assertGreater(len(models), 30)
        for path in models:
            model = reference.load(path)
            network = TorchGraph(model.graph, model.tensors).eval()
            self.assertEqual(set(network.state_dict()), set(model.tensors), path)
            x = torch.randn(2, 53, model.graph["input"])
            with torch.no_grad():
                y = network.double()(x.double())
            for i in range(2):
                self.same(self.engine(path, x[i]), y[i], path)
            # Saving what was loaded gives the file again.
            save_state(network.float().state_dict(), model.graph, model.front, "again",
                       model.metadata)
            with open(path, "rb") as old, open("again", "rb") as new:
                self.assertEqual(old.read(), new.read(), path)

    def test_a_network_trained_here_runs_in_the_engine(self):
        def node(name, op, *inputs, **attrs):
            return dict(name=name, op=op, inputs=inputs, **attrs)
        graph = {"input": 8, "nodes": [
            node("block.in", "conv1d", "input", kernel=3, out=16, dilation=2),
            node("block.act", "prelu", "block.in", channels=16),
            node("block", "batch_norm", "block.act"),
            node("down", "conv_freq", "block", freq=8, out=4, kernel_t=2, kernel_f=3, stride_f=2),
            node("eval", "gelu", "down"),
            node("up", "conv_freq_transposed", "eval", freq=4, out=2, kernel_t=2, kernel_f=3,
                 stride_f=2, out_pad_f=1),
            node("sum", "add", "up", "block"),
            node("norm", "layer_norm", "sum"),
            node("fit", "dense", "norm", out=8)]}
        network = TorchGraph(graph)
        optimiser = torch.optim.AdamW(network.parameters(), 0.01)
        x, first = torch.randn(4, 60, 8), None
        target = torch.tanh(torch.cat([torch.zeros(4, 2, 8), x[:, :-2]], 1))
        for _ in range(60):
            loss = ((network(x) - target) ** 2).mean()
            first = first or loss.item()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        self.assertLess(loss.item(), 0.5 * first)
        torch.save(network.state_dict(), "state.pt")
        with open("spec.json", "w", encoding="utf-8") as file:
            json.dump({"graph": graph, "front_end": wave_front(8),
                       "metadata": {"sordino.name": "trained"}}, file)
        subprocess.run([sys.executable, ROOT + "/models/torch_graph.py", "state.pt", "spec.json",
                        "trained.safetensors"], check=True, timeout=100)
        self.assertEqual(reference.load("trained.safetensors").metadata["sordino.name"], "trained")
        with torch.no_grad():
            y = network.eval()(x)
        self.same(self.engine("trained.safetensors", x[0]), y[0], "trained")

    def test_what_does_not_fit_is_refused(self):
        graph = {"input": 4, "nodes": [dict(name="d", op="dense", inputs=["input"], out=4)]}
        good = TorchGraph(graph).state_dict()
        for bad in ({"d.weight": good["d.weight"]}, dict(good, more=torch.zeros(1)),
                    dict(good, **{"d.bias": torch.zeros(3)})):
            with self.assertRaises(RuntimeError):
                save_state(bad, graph, wave_front(4), "bad.safetensors")
        self.assertFalse(os.path.exists("bad.safetensors"))

    # ---- the table "From PyTorch" of FORMAT.md, by PyTorch's own layers ----

    def layer(self, width, state, y, **node):
        """One node with a layer's state gives the layer's result y [frames][width] of self.x."""
        graph = {"input": width, "nodes": [dict(node, name="n", inputs=["input"])]}
        out = y.shape[1]
        if out != width: # a wave front end wants one width: zeros, or not all, come after
            graph["nodes"].append(dict(name="fit", op="concat", inputs=["n"] * (width // out))
                                  if width % out == 0 and out < width else
                                  dict(name="fit", op="slice", inputs=["n"], start=0, count=width))
            y = y.repeat(1, max(1, width // out))[:, :width]
        save_state({"n." + k: v for k, v in state.items()}, graph, wave_front(width),
                   "l.safetensors")
        self.same(self.engine("l.safetensors", self.x), y.detach(), node["op"])

    def draw(self, width):
        self.x = torch.randn(40, width)
        return self.x[None]

    def test_conv1d(self):
        layer = torch.nn.Conv1d(6, 12, 3, dilation=4, groups=2)
        y = layer(torch.nn.functional.pad(self.draw(6).transpose(1, 2), (8, 0)))[0].T
        self.layer(6, layer.state_dict(), y, op="conv1d", kernel=3, out=12, dilation=4, groups=2)

    def frequencies(self, freq):
        """[1][C][frames][F] of frames [F][C]."""
        return self.draw(24)[0].view(40, freq, -1).permute(2, 0, 1)[None]

    def test_conv2d(self):
        layer = torch.nn.Conv2d(3, 6, (2, 3), stride=(1, 2), padding=(0, 1), dilation=(3, 1),
                                groups=3)
        y = layer(torch.nn.functional.pad(self.frequencies(8), (0, 0, 3, 0)))
        self.layer(24, layer.state_dict(), y[0].permute(1, 2, 0).flatten(1), op="conv_freq", freq=8,
                   out=6, kernel_t=2, kernel_f=3, stride_f=2, pad_f=1, dilation_t=3, groups=3)

    def test_conv_transpose2d(self):
        layer = torch.nn.ConvTranspose2d(6, 4, (3, 3), stride=(1, 2), padding=(0, 1),
                                         output_padding=(0, 1), dilation=(2, 1), groups=2)
        y = layer(self.frequencies(4))[0, :, :40]
        state = dict(layer.state_dict(), weight=layer.weight.flip(2))
        self.layer(24, state, y.permute(1, 2, 0).flatten(1), op="conv_freq_transposed", freq=4,
                   out=4, kernel_t=3, kernel_f=3, stride_f=2, pad_f=1, out_pad_f=1, dilation_t=2,
                   groups=2)

    def test_linear_prelu_gelu_and_layer_norm(self):
        x = self.draw(12)
        layer = torch.nn.Linear(12, 24)
        self.layer(12, layer.state_dict(), layer(x)[0], op="dense", out=24)
        layer = torch.nn.PReLU(4)
        torch.nn.init.normal_(layer.weight)
        y = layer(x.view(40, 3, 4).transpose(1, 2)).transpose(1, 2).reshape(40, 12)
        self.layer(12, layer.state_dict(), y, op="prelu", channels=4)
        self.layer(12, {}, torch.nn.GELU()(x)[0], op="gelu")
        self.layer(12, {}, torch.nn.GELU("tanh")(x)[0], op="gelu", approximate=1)
        layer = torch.nn.LayerNorm(12, eps=1e-3)
        torch.nn.init.normal_(layer.weight)
        self.layer(12, layer.state_dict(), layer(x)[0], op="layer_norm", eps=1e-3)

    def test_batch_norms(self):
        for kind, shape in ((torch.nn.BatchNorm1d, (1, 12, 40)),
                            (torch.nn.BatchNorm2d, (1, 4, 40, 3))):
            x = self.draw(12)[0]
            channels = shape[1]
            x = x.view(40, -1, channels).permute(2, 0, 1).reshape(shape)
            layer = kind(channels)
            torch.nn.init.normal_(layer.weight)
            layer(3 * x + 1) # statistics that are not 0 and 1
            y = layer.eval()(x).reshape(channels, 40, -1).permute(1, 2, 0).flatten(1)
            self.layer(12, layer.state_dict(), y, op="batch_norm", channels=channels)


if __name__ == "__main__":
    print("SORDINO_TEST_SEED=%d" % SEED, file=sys.stderr)
    torch.set_num_threads(1)
    unittest.main(argv=sys.argv[:1])
