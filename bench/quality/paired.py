"""Means, and 95 % intervals of paired differences that allow for clusters.

Mixtures of one utterance are not independent: their differences share the speaker and the text. The
variance of the mean is therefore taken over sums within a cluster (Cameron & Miller 2015, "A
Practitioner's Guide to Cluster-Robust Inference", section II, for a mean), and Student's t has one
degree of freedom less than there are clusters. With a cluster for each file this is the usual
interval of a paired t test.
"""
import math

CONFIDENCE = 0.95


def _beta_fraction(a, b, x):
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    tiny, c, d = 1e-300, 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 1000):
        for k in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + k * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + k / c
            c = c if abs(c) > tiny else tiny
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _tail(t, degrees):
    """P(|T| > t) for Student's t: the regularised incomplete beta function at n / (n + t^2)."""
    a, b, x = degrees / 2.0, 0.5, degrees / (degrees + t * t)
    if x >= 1.0:
        return 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def student_t(degrees, confidence=CONFIDENCE):
    """The two-sided quantile, by bisection."""
    low, high = 0.0, 1.0
    while _tail(high, degrees) > 1.0 - confidence:
        high *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if _tail(middle, degrees) > 1.0 - confidence:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def mean(values):
    return math.fsum(values) / len(values)


def interval(values, clusters):
    """Returns (mean, half-width or None where there is a single cluster, number of clusters)."""
    centre = mean(values)
    sums = {}
    for value, cluster in zip(values, clusters):
        sums.setdefault(cluster, []).append(value - centre)
    groups = len(sums)
    if groups < 2:
        return centre, None, groups
    spread = math.fsum(math.fsum(v) ** 2 for v in sums.values())
    error = math.sqrt(spread * groups / (groups - 1)) / len(values)
    return centre, student_t(groups - 1) * error, groups
