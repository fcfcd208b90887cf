"""Tables as aligned text or as Markdown."""

TITLES = {
    "si_sdr": "SI-SDR, dB",
    "snr": "SNR, dB",
    "segmental_snr": "SegSNR, dB",
    "stoi": "STOI",
    "estoi": "ESTOI",
    "log_spectral_distance": "LSD, dB",
    "rmse": "RMSE",
    "correlation": "Corr",
    "pesq": "PESQ",
}
DIGITS = {"si_sdr": 2, "snr": 2, "segmental_snr": 2, "log_spectral_distance": 2, "rmse": 5}


def score(value, measure):
    return "-" if value is None else f"{value:.{DIGITS.get(measure, 3)}f}"


def difference(mean, half, measure):
    digits = DIGITS.get(measure, 3)
    if mean is None:
        return "-"
    return f"{mean:+.{digits}f}" + ("" if half is None else f" ± {half:.{digits}f}")


def render(rows, markdown):
    """The first row is the head, the first column are names; cells are strings."""
    if markdown:
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:]))]
        ).rstrip()
        for row in rows
    )


def section(title, rows, markdown):
    head = f"### {title}\n\n" if markdown else f"{title}\n"
    return head + render(rows, markdown)
