/*
 * exp, tanh and erf for whole vectors, in the terms of the shim; included by the kernels' bodies
 * alone.
 * In double (KERNELS_DOUBLE) they are the C library's, so that derivatives can be checked.
 */
#ifndef KERNELS_KERNELS_MATH_H
#define KERNELS_KERNELS_MATH_H

/* max(a, 0) + slope min(a, 0) */
SHIM vec vprelu(vec a, vec slope)
{
    return vfma(slope, vmin(a, vset(0)), vmax(a, vset(0)));
}

#ifdef KERNELS_DOUBLE

SHIM vec vexp(vec a)
{
    return (vec){exp(a[0]), exp(a[1]), exp(a[2]), exp(a[3])};
}

SHIM vec vtanh(vec a)
{
    return (vec){tanh(a[0]), tanh(a[1]), tanh(a[2]), tanh(a[3])};
}

SHIM vec verf(vec a)
{
    return (vec){erf(a[0]), erf(a[1]), erf(a[2]), erf(a[3])};
}

#else

/* S. L. Moshier, Cephes 2.8, expf.c: range reduction by ln 2 in two parts, polynomial of degree 7;
 * relative error < 2e-7. Held on outside -87..88. */
SHIM vec vexp(vec a)
{
    a = vmin(vmax(a, vset(-87.0f)), vset(88.0f));
    const vec n = vround(vmul(a, vset(1.44269504088896341f)));
    vec r = vfma(n, vset(-0.693359375f), a);
    r = vfma(n, vset(2.12194440e-4f), r);
    vec p = vset(1.9875691500e-4f);
    p = vfma(p, r, vset(1.3981999507e-3f));
    p = vfma(p, r, vset(8.3334519073e-3f));
    p = vfma(p, r, vset(4.1665795894e-2f));
    p = vfma(p, r, vset(1.6666665459e-1f));
    p = vfma(p, r, vset(5.0000001201e-1f));
    p = vfma(vmul(r, r), p, vadd(r, vset(1)));
    return vmul(p, vpow2(n));
}

/* Rational approximation of degrees 13 and 6, as in Eigen 3 (generic_fast_tanh_float); beyond 7.9
 * tanh is 1 to float rounding. |error| < 4e-7. */
SHIM vec vtanh(vec a)
{
    a = vmin(vmax(a, vset(-7.90531110763549805f)), vset(7.90531110763549805f));
    const vec q = vmul(a, a);
    vec p = vset(-2.76076847742355e-16f);
    p = vfma(p, q, vset(2.00018790482477e-13f));
    p = vfma(p, q, vset(-8.60467152213735e-11f));
    p = vfma(p, q, vset(5.12229709037114e-08f));
    p = vfma(p, q, vset(1.48572235717979e-05f));
    p = vfma(p, q, vset(6.37261928875436e-04f));
    p = vfma(p, q, vset(4.89352455891786e-03f));
    vec d = vset(1.19825839466702e-06f);
    d = vfma(d, q, vset(1.18534705686654e-04f));
    d = vfma(d, q, vset(2.26843463243900e-03f));
    d = vfma(d, q, vset(4.89352518554385e-03f));
    return vdiv(vmul(a, p), d);
}

/* Rational approximation of degrees 13 and 8, as in Eigen 3 (erf for float); beyond 4 erf is 1 to
 * float rounding. |error| < 4e-7. */
SHIM vec verf(vec a)
{
    a = vmin(vmax(a, vset(-4)), vset(4));
    const vec q = vmul(a, a);
    vec p = vset(-2.72614225801306e-10f);
    p = vfma(p, q, vset(2.77068142495902e-08f));
    p = vfma(p, q, vset(-2.10102402082508e-06f));
    p = vfma(p, q, vset(-5.69250639462346e-05f));
    p = vfma(p, q, vset(-7.34990630326855e-04f));
    p = vfma(p, q, vset(-2.95459980854025e-03f));
    p = vfma(p, q, vset(-1.60960333262415e-02f));
    vec d = vset(-1.45660718464996e-05f);
    d = vfma(d, q, vset(-2.13374055278905e-04f));
    d = vfma(d, q, vset(-1.68282697438203e-03f));
    d = vfma(d, q, vset(-7.37332916720468e-03f));
    d = vfma(d, q, vset(-1.42647390514189e-02f));
    return vdiv(vmul(a, p), d);
}

#endif

/* 1 / (1 + exp(-a)) */
SHIM vec vsigmoid(vec a)
{
    return vdiv(vset(1), vadd(vset(1), vexp(vsub(vset(0), a))));
}

/* Hendrycks & Gimpel 2016, "Gaussian error linear units": a Phi(a). */
SHIM vec vgelu_erf(vec a)
{
    const vec half = vmul(a, vset((kreal)0.5));
    return vfma(half, verf(vmul(a, vset((kreal)0.70710678118654752))), half);
}

/* The same paper's approximation by tanh. */
SHIM vec vgelu_tanh(vec a)
{
    const vec cubic = vfma(vmul(vmul(a, a), vset((kreal)0.044715)), a, a);
    const vec half = vmul(a, vset((kreal)0.5));
    return vfma(half, vtanh(vmul(cubic, vset((kreal)0.79788456080286536))), half);
}

/* Sum of the lanes, in a fixed order. */
SHIM kreal vsum(vec a)
{
    kreal lanes[LANES], sum = 0;
    vstore(lanes, a);
    for (size_t i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

#endif
