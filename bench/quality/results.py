"""What was measured, put together: means, paired differences, groups; as text and as JSON."""
import paired
import tables

BY_GROUP = ["si_sdr", "estoi", "pesq"]


class Results:
    """Scores of all methods over the files for which every method has that score."""

    def __init__(self, options, methods, files, labels, columns):
        self.options = options
        self.methods = methods
        self.labels = labels
        self.columns = columns
        self.common = {m: self._common(m, files) for m in options.measures}
        self.measures = [m for m in options.measures if self.common[m]]

    def _common(self, measure, files):
        return [f for f in files if all(m.scores[f].get(measure) is not None for m in self.methods)]

    def cluster(self, name):
        return self.labels[name].get("utterance", name) if self.labels else name

    def mean(self, method, measure, files=None):
        values = [method.scores[f][measure] for f in (files or self.common[measure])]
        return paired.mean(values)

    def difference(self, method, other, measure):
        files = self.common[measure]
        values = [method.scores[f][measure] - other.scores[f][measure] for f in files]
        return paired.interval(values, [self.cluster(f) for f in files])

    def groups(self, column, measure):
        found = {}
        for name in self.common[measure]:
            found.setdefault(self.labels[name][column], []).append(name)

        def order(text):
            try:
                return 0, float(text), text
            except ValueError:
                return 1, 0.0, text

        return {key: found[key] for key in sorted(found, key=order)}

    def references(self):
        return [m for name in self.options.against for m in self.methods if m.name == name]

    def means_table(self):
        rows = [["", *(tables.TITLES[m] for m in self.measures), "CPU s per s"]]
        for method in self.methods:
            cpu = "-" if method.cpu is None else f"{method.cpu:.4f}"
            rows.append([method.name,
                         *(tables.score(self.mean(method, m), m) for m in self.measures), cpu])
        return rows

    def difference_table(self, other):
        rows = [["", *(tables.TITLES[m] for m in self.measures)]]
        for method in self.methods:
            if method is not other:
                cells = (tables.difference(*self.difference(method, other, m)[:2], m)
                         for m in self.measures)
                rows.append([method.name, *cells])
        return rows

    def group_table(self, column, measure):
        rows = [[column, "files", *(m.name for m in self.methods)]]
        for group, files in self.groups(column, measure).items():
            cells = (tables.score(self.mean(m, measure, files), measure) for m in self.methods)
            rows.append([group, str(len(files)), *cells])
        return rows

    def text(self):
        limit = self.options.limit
        floor = "no floor" if limit is None else f"floor {limit:g} dB"
        counts = sorted({len(self.common[m]) for m in self.measures})
        how_many = " to ".join(str(n) for n in (counts[:1] + counts[-1:] if len(counts) > 1 else counts))
        parts = [(f"Means over {how_many} files, {floor}", self.means_table())]
        for other in self.references():
            clusters = len({self.cluster(f) for f in self.common[self.measures[0]]})
            parts.append((f"Differences from {other.name}, 95 % intervals, {clusters} clusters",
                          self.difference_table(other)))
        for column in self.columns:
            for measure in self.measures:
                if measure in BY_GROUP:
                    parts.append((f"{tables.TITLES[measure]} by {column}",
                                  self.group_table(column, measure)))
        return "\n\n".join(tables.section(t, rows, self.options.markdown) for t, rows in parts)

    def as_json(self):
        differences = []
        for other in self.references():
            for method in self.methods:
                for measure in self.measures if method is not other else []:
                    centre, half, clusters = self.difference(method, other, measure)
                    differences.append({
                        "method": method.name, "against": other.name, "measure": measure,
                        "mean": centre, "half_width": half, "clusters": clusters,
                        "files": len(self.common[measure])})
        groups = [
            {"column": column, "group": group, "measure": measure, "files": len(files),
             "means": {m.name: self.mean(m, measure, files) for m in self.methods}}
            for column in self.columns for measure in self.measures
            for group, files in self.groups(column, measure).items()]
        return {
            "limit": self.options.limit,
            "methods": [
                {"name": m.name, "kind": m.kind, "value": m.value, "cpu": m.cpu, "delay": m.delay,
                 "means": {k: self.mean(m, k) for k in self.measures}, "files": m.scores}
                for m in self.methods],
            "differences": differences,
            "groups": groups,
        }
