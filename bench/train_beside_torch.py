"""A step of training by Sordino beside PyTorch's: the same networks, batches and optimiser, one
thread each, in turns; frames a second of processor time, medians.

    train_beside_torch.py BENCH-TRAIN [ROUNDS [NETWORK...]]

Exits with 77 where PyTorch is not installed (Debian: python3-torch).
"""
import json
import statistics
import subprocess
import sys
import time

try:
    import torch
except ImportError:
    print("train_beside_torch: there is no PyTorch here")
    sys.exit(77)

WINDOWS, FRAMES, SECONDS = 16, 400, 1.0
NETWORKS = ("full", "separable", "speech-s")


class Net(torch.nn.Module):
    """A graph of Sordino's, [windows][channels][frames], as PyTorch has convolutions fastest."""

    def __init__(self, graph):
        super().__init__()
        self.nodes = graph["nodes"]
        self.parts = torch.nn.ModuleList()
        widths = {"input": graph["input"]}
        for node in self.nodes:
            part, width = self.make(node, [widths[name] for name in node["inputs"]])
            self.parts.append(part)
            widths[node["name"]] = width

    def make(self, node, widths):
        op, at = node["op"], node
        width = widths[0]
        if op in ("dense", "conv1d"):
            part = torch.nn.Conv1d(width, at["out"], at.get("kernel", 1),
                                   dilation=at.get("dilation", 1), groups=at.get("groups", 1))
            return part, at["out"]
        if op == "prelu":
            return torch.nn.PReLU(width), width
        if op == "batch_norm":
            return torch.nn.BatchNorm1d(width), width
        if op == "sigmoid":
            return torch.nn.Sigmoid(), width
        if op in ("add", "concat"):
            return torch.nn.Identity(), width if op == "add" else sum(widths)
        raise SystemExit(f"train_beside_torch: {op} is unknown here")

    def forward(self, x):
        values = {"input": x}
        for node, part in zip(self.nodes, self.parts):
            given = [values[name] for name in node["inputs"]]
            if node["op"] == "add":
                y = given[0] + given[1]
            elif node["op"] == "concat":
                y = torch.cat(given, 1)
            else:
                y = given[0]
                if isinstance(part, torch.nn.Conv1d) and part.kernel_size[0] > 1:
                    past = (part.kernel_size[0] - 1) * part.dilation[0]
                    y = torch.nn.functional.pad(y, (past, 0))
                y = part(y)
            values[node["name"]] = y
        return y


class Theirs:
    def __init__(self, graph):
        torch.manual_seed(1)
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.net = Net(graph)
        self.x = torch.randn(WINDOWS, graph["input"], FRAMES)
        with torch.no_grad():
            self.target = torch.randn_like(self.net(self.x))
        self.adam = torch.optim.AdamW(self.net.parameters(), lr=1e-3)
        self.step()

    def step(self):
        self.adam.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(self.net(self.x), self.target).backward()
        self.adam.step()

    def measure(self):
        frames, start = 0, time.process_time()
        while frames == 0 or time.process_time() - start < SECONDS:
            self.step()
            frames += WINDOWS * FRAMES
        return frames / (time.process_time() - start)


def compare(program, network, rounds):
    ours = subprocess.Popen([program, network, str(SECONDS)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    theirs = Theirs(json.loads(ours.stdout.readline()))
    rows = []
    for _ in range(rounds):
        ours.stdin.write("\n")
        ours.stdin.flush()
        rate, flops, peak = (float(word) for word in ours.stdout.readline().split())
        rows.append((rate, flops / peak, theirs.measure(), flops, peak))
    ours.stdin.close()
    ours.wait()
    ratios = sorted(row[0] / row[2] for row in rows)
    rate, share, other, flops, peak = (statistics.median(column) for column in zip(*rows))
    print(f"{network:10} {rate:8.0f} {other:8.0f} {rate / other:6.2f}   "
          f"{ratios[0]:.2f} .. {ratios[-1]:.2f}   {flops:6.1f} of {peak:5.1f} GFLOP/s "
          f"({100 * share:.0f} %)", flush=True)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    print(f"PyTorch {torch.__version__}, one thread; {WINDOWS} x {FRAMES} frames; {rounds} rounds")
    print("network        ours   theirs  ratio   of a round     ours of the peak")
    for network in sys.argv[3:] or NETWORKS:
        compare(sys.argv[1], network, rounds)


main()
