"""Tables as instruments, loggers and people write them, each with what in it is measured.

A table is drawn from a random generator: dialect, times, counters, codes, gaps, preamble. What it was
made of is kept beside its text, so that a test can say of every byte whether it may change.
"""
import datetime
import math

GAPS = ("", "NA", "NaN", "null", "n/a", "-")


class Column:
    """`cells` of text; `kind` says what they are: time, counter, code, flag, constant, text, measured."""

    def __init__(self, kind, name, cells, unit=""):
        self.kind, self.name, self.cells, self.unit = kind, name, cells, unit
        self.missing = set(GAPS)  # cells that are no values


class Dialect:
    def __init__(self, delimiter, decimal, thousands="", quote="", end="\n", coding="utf-8"):
        self.delimiter, self.decimal, self.thousands = delimiter, decimal, thousands
        self.quote, self.end, self.coding = quote, end, coding

    def number(self, value, decimals, sci=False):
        text = f"{value:.{decimals}e}" if sci else f"{value:,.{decimals}f}"
        return (text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands))

    def cell(self, text):
        needs = self.delimiter in text or (self.decimal == "," and self.delimiter == ",")
        quote = self.quote or ('"' if needs else "")
        return quote + text + quote if text or self.quote else text


class Table:
    def __init__(self, dialect, columns, preamble, headed, units, told_rate=None):
        self.dialect, self.columns, self.preamble = dialect, columns, preamble
        self.headed, self.units, self.told_rate = headed, units, told_rate

    def lines(self):
        d = self.dialect
        head = list(self.preamble)
        if self.headed:
            head.append(d.delimiter.join(c.name for c in self.columns))
        if self.units:
            head.append(d.delimiter.join(c.unit for c in self.columns))
        rows = [d.delimiter.join(d.cell(t) for t in row) for row in zip(*(c.cells for c in self.columns))]
        return head, rows

    def text(self):
        head, rows = self.lines()
        return "".join(line + self.dialect.end for line in head + rows)

    def bytes(self):
        return self.text().encode(self.dialect.coding)

    def rows_of(self, text):
        """Cells of every row of data, as written; None where a row was lost."""
        head, rows = self.lines()
        lines = text.split(self.dialect.end)
        if lines[:len(head)] != head or len(lines) != len(head) + len(rows) + 1:
            return None
        return [split(line, self.dialect.delimiter) for line in lines[len(head):-1]]


def split(line, delimiter):
    """At delimiters outside double quotes, which stay."""
    cells, start, quoted = [], 0, False
    for i, c in enumerate(line):
        if c == '"':
            quoted = not quoted
        elif c == delimiter and not quoted:
            cells.append(line[start:i])
            start = i + 1
    return cells + [line[start:]]


# ---- times

def steps(r, n, how):
    """Seconds of rows `even`, with rows `dropped`, `jittered`, in `bursts`, or with a `jump` of the clock."""
    step = r.choice((0.001, 0.004, 0.01, 0.02, 0.1, 0.25, 1, 2, 60))
    at, t = [], 0.0
    for i in range(n):
        at.append(t)
        t += step
        if how == "dropped" and r.random() < 0.05:
            t += step * r.randint(1, 4)
        elif how == "jittered":
            t += step * r.uniform(-0.45, 0.8)
        elif how == "jump" and i == n // 2:
            t += step * 300
    return step, at


def digits_for(step):
    return max(0, math.ceil(-math.log10(step)) + 2) if step < 1 else 2


def time_column(r, n, dialect):
    """Column, and the step in seconds where it is told exactly."""
    how = r.choice(("even", "even", "dropped", "jittered", "jump"))
    step, at = steps(r, n, how)
    kind = r.choice(("s", "s", "ms", "us", "iso", "zone", "space", "hms", "us date", "eu date", "epoch s",
                     "epoch ms", "epoch us", "epoch ns"))
    start = datetime.datetime(2021, r.randint(1, 12), r.randint(1, 28), r.randint(0, 11), r.randint(0, 59))
    date = [start + datetime.timedelta(seconds=t) for t in at]
    epoch = (start - datetime.datetime(1970, 1, 1)).total_seconds()
    name, unit = "time", ""
    if kind == "s":
        name, unit = r.choice((("time", "s"), ("t", "s"), ("Time (s)", ""), ("elapsed", "sec"), ("seconds", "")))
        cells = [dialect.number(t, digits_for(step)) for t in at]
    elif kind == "ms":
        name, unit = r.choice((("time_ms", ""), ("t (ms)", ""), ("Time", "ms")))
        cells = [dialect.number(t * 1000, 1) for t in at]
    elif kind == "us":
        name = r.choice(("time_us", "timestamp [us]"))
        cells = [dialect.number(t * 1e6, 0) for t in at]
    elif kind == "iso":
        cells = [d.isoformat(timespec="microseconds") for d in date]
    elif kind == "zone":
        cells = [d.isoformat(timespec="milliseconds") + r.choice(("Z", "+01:00")) for d in date]
        cells = [c.replace("Z", "+00:00") if "+01" in cells[0] else c.replace("+01:00", "Z") for c in cells]
        cells = [c[:23] + (cells[0][23:]) for c in cells]
    elif kind == "space" and dialect.delimiter != " ":
        cells = [d.isoformat(" ", timespec="milliseconds") for d in date]
    elif kind == "us date" and dialect.delimiter != " ":
        cells = [d.strftime("%m/%d/%Y %I:%M:%S.%f %p") for d in date]
    elif kind == "eu date" and dialect.delimiter != " ":
        cells = [d.strftime("%d.%m.%Y %H:%M:%S.%f")[:-3] for d in date]
    elif kind.startswith("epoch"):
        scale, decimals = {"s": (1, 3), "ms": (1e3, 0), "us": (1e6, 0), "ns": (1e9, 0)}[kind[6:]]
        name = r.choice(("timestamp", "time", "ts", "epoch"))
        cells = [dialect.number((epoch + t) * scale, decimals).replace(dialect.thousands or "\0", "")
                 for t in at]
    else:
        cells = [d.strftime("%H:%M:%S.%f")[:-3] for d in date]
        if date[-1].date() != date[0].date():
            how = "over midnight"
    return Column("time", name, cells, unit), step if how == "even" else None


# ---- what is neither measured nor a time

def counter(r, n):
    first, step = r.randint(0, 5000), r.choice((1, 1, 1, 2, 4, 10))
    kind = r.choice(("up", "up", "wrapped", "blocks", "missing", "down"))
    values = [first + step * i for i in range(n)]
    if kind == "wrapped":
        values = [(first + i) % 64 for i in range(n)]
    elif kind == "blocks":
        values = [first + i // 7 for i in range(n)]
    elif kind == "missing":
        at = first
        for i in range(n):
            values[i] = at
            at += 2 if r.random() < 0.1 else 1
    elif kind == "down":
        values = [first + 2 * n - i for i in range(n)]
    name = r.choice(("frame", "id", "count", "Unnamed: 0", "index", "seq", "sample #", "packet number", "p", "k2"))
    return Column("counter", name, [str(v) for v in values])


def code(r, n):
    values = r.choice(((0, 1, 2, 3), (0, 1, 4, 200, 404), (1, 2, 3), (-1, 0, 5), (100, 200, 500), (0, 7)))
    state, cells = values[0], []
    for i in range(n):
        if r.random() < r.choice((0.1, 0.6)):
            state = r.choice(values)
        cells.append(str(values[i] if i < len(values) else state))
    return Column("code", r.choice(("status", "mode", "label", "q", "error_code", "w")), cells)


def flag(r, n):
    cells = [str(i if i < 2 else int(r.random() < 0.3)) for i in range(n)]
    return Column("flag", r.choice(("flag", "button", "z", "valid")), cells)


def constant(r, n, dialect):
    return Column("constant", r.choice(("gain", "g0", "offset", "range")),
                  [dialect.number(r.choice((0, 1, 2.5, 1000, -3.25)), 2)] * n)


def words(r, n):
    return Column("text", r.choice(("note", "device", "comment")), [r.choice(("ok", "A", "left", "x7")) for _ in range(n)])


# ---- what is measured

def measured(r, n, dialect, gaps=True):
    level, swing = r.uniform(-50, 50), 10 ** r.uniform(-0.5, 1.5)
    period = r.uniform(20, 90)
    values = [level + swing * math.sin(i / period * 6.28) + 0.3 * swing * r.gauss(0, 1) for i in range(n)]
    # Three digits behind a comma might be thousands: that is refused, and tried elsewhere.
    decimals, sci = r.choice((2, 2, 4, 5, 6)), False
    form = r.choice(("fixed", "fixed", "fixed", "whole", "scientific"))
    if dialect.thousands:
        form = "fixed"  # 1,234 alone has two readings: that is refused, and tried elsewhere
    if form == "whole":
        values, decimals = [40 * v / swing for v in values], 0
    elif form == "scientific":
        sci, decimals = True, 5
    if dialect.thousands and form == "fixed":
        values = [5000 + 1000 * v / swing for v in values]
        decimals = 2
    cells = [dialect.number(v, decimals, sci) for v in values]
    if gaps and dialect.delimiter != " ":
        gap = r.choice(GAPS)
        for i in range(5, n):
            if r.random() < 0.05:
                cells[i] = gap
    column = Column("measured", r.choice(("a", "v1", "ch1", "Channel B", "temp", "acc_x", "signal", "mic")), cells,
                    r.choice(("V", "mV", "g")))
    if r.random() < 0.15 and not (dialect.thousands and form == "whole"):
        sentinel = dialect.number(-9999 if not dialect.thousands else -999999, decimals, sci)
        cells[3::13] = [sentinel] * len(cells[3::13])
        column.missing.add(sentinel)
    return column


# ---- preambles

def preamble(r, dialect):
    kind = r.choice(("none", "none", "comments", "keys", "title"))
    mark = dialect.delimiter
    if kind == "comments":
        return ["# made by a logger", "# firmware: 1.2.3"]
    if kind == "keys" and mark != " ":
        return [mark.join(pair) for pair in (("Model", "DS1054Z"), ("Firmware", "00.04"), ("Points", "1200"),
                                             ("Label", ""), ("Coupling", "DC"))]
    if kind == "title" and mark != " ":
        return ["Export of a recording"]
    return []


DIALECTS = ((",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), (" ", "."), (" ", ","),
            (",", ","))


def draw_dialect(r):
    delimiter, decimal = r.choice(DIALECTS)
    thousands = ""
    if r.random() < 0.1 and delimiter in ";\t|":
        thousands = "," if decimal == "." else "."
    quote = '"' if r.random() < 0.1 else ""
    return Dialect(delimiter, decimal, thousands, quote, r.choice(("\n", "\n", "\r\n")),
                   r.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16")))


def draw(r):
    n = r.randint(30, 50)
    d = draw_dialect(r)
    first, rest = [], []
    if r.random() < 0.75:
        first.append(time_column(r, n, d)[0])
    for _ in range(r.choice((0, 1, 1, 2))):
        (first if r.random() < 0.5 else rest).append(counter(r, n))
    for make in (code, flag, words):
        if r.random() < 0.3:
            rest.append(make(r, n))
    if r.random() < 0.3:
        rest.append(constant(r, n, d))
    rest += [measured(r, n, d) for _ in range(r.randint(1, 3))]
    r.shuffle(rest)
    columns = first + rest
    headed = r.random() < 0.8
    lines = preamble(r, d)
    units = headed and d.delimiter != " " and r.random() < 0.2
    if headed and d.delimiter == " ":
        for c in columns:
            c.name = c.name.replace(" ", "_")
    if len(columns) == 1:
        # No delimiter is seen, and a decimal comma may be one: that is refused, and tried elsewhere.
        columns.append(words(r, n))
    return Table(d, columns, lines, headed, units)
