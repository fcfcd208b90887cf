#!/usr/bin/env python3
"""Networks of models/FORMAT.md in PyTorch: to train one there, or to bring one from there.

    from torch_graph import TorchGraph, save_state
    network = TorchGraph(graph)                    # the graph as in the file, a dict
    ... train it: network(x), x [batch][frames][width], gives [batch][frames][width] ...
    save_state(network.state_dict(), graph, front, "mine.safetensors", {"sordino.name": "mine"})

The keys and shapes of its state_dict are those of the file's tensors, so a network of your own
modules is brought by renaming its state (and turning the time taps of ConvTranspose2d round: see
"From PyTorch" in FORMAT.md); save_state refuses what does not fit. From the command line, with the
state as torch.save wrote it and {"graph": ..., "front_end": ..., "metadata": {...}} as JSON:

    torch_graph.py STATE.pt SPEC.json OUT.safetensors

Every op looks only into the past, which is 0 before the first frame. In train() batch_norm takes
the statistics of the batch, in eval() those it kept: call eval() before comparing with the engine.
"""
import argparse
import json
import math
import os
import sys

import torch
from torch.nn import functional as F

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference  # noqa: E402


class Op(torch.nn.Module):
    """A node: `width` of its result, attributes in `a`, parameters named as in the file."""

    def __init__(self, node, widths):
        super().__init__()
        self.a = node
        self.in_width = widths[0]
        self.width = self.shape(widths)

    def shape(self, widths):
        """Adds the parameters; the width of the result."""
        return widths[0]

    def param(self, name, *shape, spread=None, value=0.0):
        """Uniform in -spread..spread, or a number everywhere."""
        data = torch.full(shape, value) if spread is None else \
            torch.empty(shape).uniform_(-spread, spread)
        self.register_parameter(name, torch.nn.Parameter(data))

    def kernel(self, *shape, fan_in, outputs):
        """Weight and, where the node has one, bias; as large as torch's own layers start with."""
        spread = 1 / math.sqrt(fan_in)
        self.param("weight", *shape, spread=spread)
        if self.a["bias"]:
            self.param("bias", outputs, spread=spread)
        else:
            self.bias = None

    def channels(self):
        n = self.a["channels"] or self.in_width
        if self.in_width % n:
            raise ValueError("%s: %d channels do not divide %d" %
                             (self.a["name"], n, self.in_width))
        return n

    def repeated(self, values):
        return values.repeat(self.in_width // len(values))


class Conv1d(Op):
    def shape(self, widths):
        a = self.a
        fan_in = widths[0] // a["groups"] * a["kernel"]
        self.kernel(a["out"], widths[0] // a["groups"], a["kernel"], fan_in=fan_in,
                    outputs=a["out"])
        return a["out"]

    def forward(self, x):
        past = (self.a["kernel"] - 1) * self.a["dilation"]
        y = F.conv1d(F.pad(x.transpose(1, 2), (past, 0)), self.weight, self.bias,
                     dilation=self.a["dilation"], groups=self.a["groups"])
        return y.transpose(1, 2)


class ConvFreq(Op):
    def shape(self, widths):
        a, freq = self.a, self.a["freq"]
        inner = widths[0] // freq // a["groups"]
        self.pad = a["pad_f"] if a["pad_f"] >= 0 else (a["kernel_f"] - 1) // 2
        self.past = (a["kernel_t"] - 1) * a["dilation_t"]
        self.kernel(a["out"], inner, a["kernel_t"], a["kernel_f"],
                    fan_in=inner * a["kernel_t"] * a["kernel_f"], outputs=a["out"])
        return ((freq + 2 * self.pad - a["kernel_f"]) // a["stride_f"] + 1) * a["out"]

    def channels_first(self, x):
        return x.unflatten(2, (self.a["freq"], -1)).permute(0, 3, 1, 2)

    def forward(self, x):
        y = F.pad(self.channels_first(x), (0, 0, self.past, 0))
        y = F.conv2d(y, self.weight, self.bias, (1, self.a["stride_f"]), (0, self.pad),
                     (self.a["dilation_t"], 1), self.a["groups"])
        return y.permute(0, 2, 3, 1).flatten(2)


class ConvFreqTransposed(ConvFreq):
    def shape(self, widths):
        super().shape(widths)
        a, freq = self.a, self.a["freq"]
        inner = widths[0] // freq
        self.kernel(inner, a["out"] // a["groups"], a["kernel_t"], a["kernel_f"],
                    fan_in=inner // a["groups"] * a["kernel_t"] * a["kernel_f"], outputs=a["out"])
        n = (freq - 1) * a["stride_f"] - 2 * self.pad + a["kernel_f"] + a["out_pad_f"]
        return n * a["out"]

    def forward(self, x):
        # PyTorch's first time tap is the present, the file's the most distant past.
        y = F.conv_transpose2d(self.channels_first(x), self.weight.flip(2), self.bias,
                               (1, self.a["stride_f"]), (0, self.pad), (0, self.a["out_pad_f"]),
                               self.a["groups"], (self.a["dilation_t"], 1))
        return y[:, :, :x.shape[1]].permute(0, 2, 3, 1).flatten(2)


class Dense(Op):
    def shape(self, widths):
        self.kernel(self.a["out"], widths[0], fan_in=widths[0], outputs=self.a["out"])
        return self.a["out"]

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Prelu(Op):
    def shape(self, widths):
        self.param("weight", self.channels(), value=0.25)
        return widths[0]

    def forward(self, x):
        return x.clamp(min=0) + self.repeated(self.weight) * x.clamp(max=0)


class Scale(Op):
    def shape(self, widths):
        self.param("weight", self.channels(), value=1.0)
        self.param("bias", self.channels())
        return widths[0]

    def forward(self, x):
        return self.repeated(self.weight) * x + self.repeated(self.bias)


class BatchNorm(Scale):
    def shape(self, widths):
        self.register_buffer("running_mean", torch.zeros(self.channels()))
        self.register_buffer("running_var", torch.ones(self.channels()))
        return super().shape(widths)

    def forward(self, x):
        rows = x.reshape(-1, len(self.weight))
        y = F.batch_norm(rows, self.running_mean, self.running_var, self.weight, self.bias,
                         self.training, 0.1, self.a["eps"])
        return y.view(x.shape)


class LayerNorm(Scale):
    def channels(self):
        return self.in_width

    def forward(self, x):
        return F.layer_norm(x, (self.in_width,), self.weight, self.bias, self.a["eps"])


class RunningNorm(Op):
    def forward(self, x):
        mean, variance, out = torch.zeros_like(x[:, 0]), torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            rate = max(1 / self.a["time"], 1 / (t + 1))
            step = x[:, t] - mean
            mean = mean + rate * step
            variance = (1 - rate) * (variance + rate * step ** 2)
            out.append((x[:, t] - mean) / torch.sqrt(variance + self.a["eps"]))
        return torch.stack(out, 1)


class Slice(Op):
    def shape(self, widths):
        return self.a["count"]

    def forward(self, x):
        return x[:, :, self.a["start"]:self.a["start"] + self.a["count"]]


class Concat(Op):
    def shape(self, widths):
        return sum(widths)

    def forward(self, *x):
        return torch.cat(x, 2)


class Simple(Op):
    FUNCTIONS = {
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "add": lambda *x: sum(x[1:], x[0]),
        "mul": lambda *x: math.prod(x[1:], start=x[0]),
    }

    def forward(self, *x):
        return self.FUNCTIONS[self.a["op"]](*x)


class Gelu(Op):
    def forward(self, x):
        return F.gelu(x, approximate="tanh" if self.a["approximate"] else "none")


OPS = {
    "conv1d": Conv1d, "conv_freq": ConvFreq, "conv_freq_transposed": ConvFreqTransposed,
    "dense": Dense, "prelu": Prelu, "scale": Scale, "batch_norm": BatchNorm,
    "layer_norm": LayerNorm, "running_norm": RunningNorm, "slice": Slice, "concat": Concat,
    "gelu": Gelu, **{name: Simple for name in Simple.FUNCTIONS},
}


class TorchGraph(torch.nn.Module):
    """A graph as a module: [batch][frames][input width] to [batch][frames][output width]. Weights
    start at random, or are the `tensors` given, {name: array}."""

    def __init__(self, graph, tensors=None):
        super().__init__()
        self.steps, widths = [], {"input": graph["input"]}
        for node in graph["nodes"]:
            node = reference.with_presets(node)
            op = OPS[node["op"]](node, [widths[name] for name in node["inputs"]])
            widths[node["name"]] = op.width
            self.steps.append((node["name"], node["inputs"]))
            self.place(node["name"], op)
        if tensors is not None:
            self.load_state_dict({name: torch.as_tensor(x) for name, x in tensors.items()})

    def place(self, name, op):
        """Modules inside each other where the name has dots, so that the state's keys are right.
        Put where add_module would, which refuses names that a module has methods of."""
        at, *path = self, *name.split(".")
        for part in path[:-1]:
            at = at._modules.setdefault(part, torch.nn.Module())
        old = at._modules.get(path[-1])
        if old is not None: # made before as the parent of others
            op._modules.update(old._modules)
        at._modules[path[-1]] = op

    def op(self, name):
        """The module of a node."""
        at = self
        for part in name.split("."):
            at = at._modules[part]
        return at

    def forward(self, x):
        values = {"input": x}
        for name, inputs in self.steps:
            x = values[name] = self.op(name)(*(values[i] for i in inputs))
        return x


def save_state(state, graph, front, path, metadata=None):
    """Writes a model file from a state_dict whose keys are the file's. What is missing, left over
    or of another shape is an error; counters of batches are left out."""
    tensors = {name: torch.as_tensor(x).detach().cpu().double().numpy()
               for name, x in state.items() if not name.endswith("num_batches_tracked")}
    TorchGraph(graph, tensors) # checks
    reference.save(reference.Model(graph, front, tensors, metadata), path)


def main():
    parser = argparse.ArgumentParser(description="writes a model file from a network's state")
    parser.add_argument("state", help="as torch.save(network.state_dict(), STATE) wrote it")
    parser.add_argument("spec", help='JSON: {"graph": ..., "front_end": ..., "metadata": {...}}')
    parser.add_argument("output", help="the .safetensors file")
    options = parser.parse_args()
    with open(options.spec, encoding="utf-8") as file:
        spec = json.load(file)
    save_state(torch.load(options.state, map_location="cpu"), spec["graph"], spec["front_end"],
               options.output, spec.get("metadata"))


if __name__ == "__main__":
    main()
