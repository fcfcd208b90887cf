/* Losses of samples. */
#include "trainer/loss/loss.h"

#include <math.h>

kreal loss_l1(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y)
{
    const kreal each = scale / (kreal)n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const kreal e = y[i] - s[i];
        sum += fabs((double)e);
        d_y[i] = e > 0 ? each : e < 0 ? -each : 0;
    }
    return (kreal)(sum / (double)n);
}

kreal loss_l2(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y)
{
    const kreal each = 2 * scale / (kreal)n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const kreal e = y[i] - s[i];
        sum += (double)e * (double)e;
        d_y[i] = each * e;
    }
    return (kreal)(sum / (double)n);
}

/* e^2 / 2 within delta, delta (|e| - delta / 2) beyond. */
kreal loss_huber(const kreal *y, const kreal *s, size_t n, kreal delta, kreal scale, kreal *d_y)
{
    const kreal each = scale / (kreal)n;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const kreal e = y[i] - s[i], size = e < 0 ? -e : e;
        sum += size <= delta ? 0.5 * (double)e * (double)e
                             : (double)delta * ((double)size - 0.5 * (double)delta);
        d_y[i] = each * (size <= delta ? e : e > 0 ? delta : -delta);
    }
    return (kreal)(sum / (double)n);
}

/* With a = <y,s> / <s,s>, t = a s, e = y - t: minus 10 log10(<t,t> / <e,e>). Since e is orthogonal
 * to s, d<e,e>/dy = 2 e and d<t,t>/dy = 2 t. `eps` <s,s> is added to both: a ratio beyond 80 dB is
 * not strived for. */
kreal loss_si_sdr(const kreal *y, const kreal *s, size_t n, kreal scale, kreal *d_y)
{
    static const double eps = 1e-8, factor = 4.342944819032518; /* 10 / ln 10 */
    double ys = 0, ss = 0;
    for (size_t i = 0; i < n; i++) {
        ys += (double)y[i] * (double)s[i];
        ss += (double)s[i] * (double)s[i];
        d_y[i] = 0;
    }
    if (!(ss > 0))
        return 0;
    const double a = ys / ss;
    double tt = eps * ss, ee = tt;
    for (size_t i = 0; i < n; i++) {
        const double t = a * (double)s[i], e = (double)y[i] - t;
        tt += t * t;
        ee += e * e;
    }
    for (size_t i = 0; i < n; i++) {
        const double t = a * (double)s[i], e = (double)y[i] - t;
        d_y[i] = (kreal)((double)scale * factor * 2 * (e / ee - t / tt));
    }
    return (kreal)(factor * log(ee / tt));
}
