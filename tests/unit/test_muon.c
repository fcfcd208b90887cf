#include "trainer/muon.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/signals.h"
#include "trainer/adam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE_ROWS = 19, WIDE_COLUMNS = 37, SMALL = 16, GAP = 5 };
enum {
    WIDE = WIDE_ROWS * WIDE_COLUMNS,
    SQUARE = SMALL * SMALL,
    N = GAP + WIDE + GAP + WIDE + SQUARE + GAP
};

/* A wide matrix, a tall one, a square one, with other weights around. */
static const muon_matrix matrices[] = {
    {GAP, WIDE_ROWS, WIDE_COLUMNS},
    {GAP + WIDE + GAP, WIDE_COLUMNS, WIDE_ROWS},
    {GAP + WIDE + GAP + WIDE, SMALL, SMALL},
};
enum { N_MATRICES = sizeof matrices / sizeof *matrices };

/* Of steps near 1, after five products in single precision, which double small errors each time. */
static const double step_tolerance = 2e-4;

static muon *make(workers *w)
{
    muon *m;
    assert_int_equal(muon_new(matrices, N_MATRICES, kernels_pick(), w, &m, NULL), SORDINO_OK);
    assert_int_equal(muon_count(m), N_MATRICES);
    return m;
}

static void draw(float *x, uint64_t *state)
{
    for (int i = 0; i < N; i++)
        x[i] = (float)test_normal(state);
}

/* Rows [count][n] of length 1 at right angles to each other (Gram-Schmidt). */
static void draw_orthonormal(double *rows, int count, int n, uint64_t *state)
{
    for (int r = 0; r < count; r++) {
        double *const v = rows + r * n;
        for (int i = 0; i < n; i++)
            v[i] = test_normal(state);
        for (int twice = 0; twice < 2; twice++)
            for (int k = 0; k < r; k++) {
                double dot = 0;
                for (int i = 0; i < n; i++)
                    dot += v[i] * rows[k * n + i];
                for (int i = 0; i < n; i++)
                    v[i] -= dot * rows[k * n + i];
            }
        double square = 0;
        for (int i = 0; i < n; i++)
            square += v[i] * v[i];
        for (int i = 0; i < n; i++)
            v[i] /= sqrt(square);
    }
}

/* What five steps of the iteration make of a singular value. */
static double followed(double s)
{
    for (int i = 0; i < 5; i++)
        s = s * (3.4445 + s * s * (-4.7750 + s * s * 2.0315));
    return s;
}

/* sum over k of s_k u_k v_k', u_k a row of `u`, v_k one of `v`. */
static void compose(const double *s, const double *u, const double *v, int rank, int rows,
                    int columns, double *out)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            out[r * columns + c] = 0;
            for (int k = 0; k < rank; k++)
                out[r * columns + c] += s[k] * u[k * rows + r] * v[k * columns + c];
        }
}

/* With known singular vectors and values the step is known too: the same vectors, and values that
 * have gone through the polynomial. The first momentum is the gradient times a number, which the
 * norm takes away. */
static void steps_are_made_orthogonal(void **context)
{
    (void)context;
    uint64_t seed = test_seed(1);
    workers *const w = workers_new(2);
    muon *const m = make(w);
    float *const kept = calloc(N, sizeof *kept), *const g = calloc(N, sizeof *g);
    double u[WIDE_COLUMNS * WIDE_COLUMNS], v[WIDE_COLUMNS * WIDE_COLUMNS], s[WIDE_COLUMNS];
    double *const expected = calloc(N, sizeof *expected);
    for (int i = 0; i < N_MATRICES; i++) {
        const int rows = (int)matrices[i].rows, columns = (int)matrices[i].columns;
        const int rank = rows < columns ? rows : columns, longer = rows + columns - rank;
        double *const part = expected + matrices[i].offset, square = 0;
        memset(u, 0, sizeof u);
        memset(v, 0, sizeof v);
        draw_orthonormal(u, rank, rows, &seed);
        draw_orthonormal(v, rank, columns, &seed);
        for (int k = 0; k < rank; k++) {
            s[k] = 0.1 + k;
            square += s[k] * s[k];
        }
        compose(s, u, v, rank, rows, columns, part);
        for (int k = 0; k < rows * columns; k++)
            g[(int)matrices[i].offset + k] = (float)(1e-3 * part[k]);
        for (int k = 0; k < rank; k++)
            s[k] = 0.2 * sqrt(longer) * followed(s[k] / sqrt(square));
        compose(s, u, v, rank, rows, columns, part);
    }
    muon_steps(m, kept, g, 3.0f);
    for (int i = 0; i < N; i++)
        assert_true(fabs((double)g[i] - expected[i]) < step_tolerance);
    muon_free(m);
    workers_free(w);
    free(kept);
    free(g);
    free(expected);
}

/* Momentum 0.95 in Nesterov's form: after the second gradient the step is that of
 * g2 + 0.95 (m2 - g2) with m2 = 0.95 m1 + 0.05 g2, taken alone. */
static void momentum_is_nesterovs(void **context)
{
    (void)context;
    uint64_t seed = test_seed(2);
    workers *const w = workers_new(1);
    muon *const m = make(w);
    static float kept[N], first[N], second[N], alone[N], nothing[N];
    memset(kept, 0, sizeof kept);
    memset(nothing, 0, sizeof nothing);
    draw(first, &seed);
    draw(second, &seed);
    for (int i = 0; i < N; i++) {
        const double m1 = 0.05 * (double)first[i], g2 = 0.5 * (double)second[i];
        const double m2 = 0.95 * m1 + 0.05 * g2;
        alone[i] = (float)(g2 + 0.95 * (m2 - g2));
    }
    muon_steps(m, kept, first, 1.0f);
    muon_steps(m, kept, second, 0.5f);
    muon_steps(m, nothing, alone, 1.0f);
    for (int i = 0; i < N_MATRICES; i++)
        for (size_t k = 0; k < matrices[i].rows * matrices[i].columns; k++) {
            const size_t at = matrices[i].offset + k;
            assert_true(fabs((double)second[at] - (double)alone[at]) < step_tolerance);
        }
    muon_free(m);
    workers_free(w);
}

static void other_weights_are_left_alone(void **context)
{
    (void)context;
    uint64_t seed = test_seed(3);
    workers *const w = workers_new(1);
    muon *const m = make(w);
    static float kept[N], g[N], g_before[N];
    static bool inside[N];
    memset(kept, 0, sizeof kept);
    draw(g, &seed);
    memcpy(g_before, g, sizeof g);
    for (int i = 0; i < N_MATRICES; i++)
        for (size_t k = 0; k < matrices[i].rows * matrices[i].columns; k++)
            inside[matrices[i].offset + k] = true;
    muon_steps(m, kept, g, 1.0f);
    for (int i = 0; i < N; i++) {
        assert_true((kept[i] == 0.0f) == !inside[i]);
        assert_true((g[i] == g_before[i]) == !inside[i]);
    }
    muon_free(m);
    workers_free(w);
}

static void any_number_of_threads_gives_the_same_bits(void **context)
{
    (void)context;
    uint64_t seed = test_seed(4);
    static float kept[2][N], g[2][N];
    memset(kept, 0, sizeof kept);
    draw(g[0], &seed);
    memcpy(g[1], g[0], sizeof g[0]);
    for (uint32_t i = 0; i < 2; i++) {
        workers *const w = workers_new(1 + 2 * i);
        muon *const m = make(w);
        muon_steps(m, kept[i], g[i], 1.0f);
        muon_steps(m, kept[i], g[i], 1.0f);
        muon_free(m);
        workers_free(w);
    }
    assert_memory_equal(g[0], g[1], sizeof g[0]);
    assert_memory_equal(kept[0], kept[1], sizeof kept[0]);
}

static void a_gradient_of_zero_gives_no_step(void **context)
{
    (void)context;
    workers *const w = workers_new(1);
    muon *const m = make(w);
    static float kept[N], g[N];
    memset(kept, 0, sizeof kept);
    memset(g, 0, sizeof g);
    muon_steps(m, kept, g, 1.0f);
    for (int i = 0; i < N; i++)
        assert_true(g[i] == 0.0f && kept[i] == 0.0f);
    muon_free(m);
    workers_free(w);
}

/* Within adam_update: matrices take their own step and decay, all else goes as without. */
static void adam_leaves_matrices_to_muon(void **context)
{
    (void)context;
    uint64_t seed = test_seed(5);
    const double rate = 0.01, decay = 0.5;
    static bool decays[N], inside[N];
    static float w[2][N], g[2][N], before[N], kept[N], step[N];
    draw(before, &seed);
    draw(step, &seed);
    for (int i = 0; i < N; i++)
        decays[i] = i % 2 != 0;
    workers *const hands = workers_new(1);
    for (int i = 0; i < 2; i++) {
        muon *const m = i ? make(hands) : NULL;
        adam *a;
        const adam_spec spec = {.decay = decay, .ema = 0.999, .matrices = m};
        assert_int_equal(adam_new(&spec, N, decays, &a, NULL), SORDINO_OK);
        memcpy(w[i], before, sizeof before);
        memcpy(g[i], step, sizeof step);
        double norm;
        assert_true(adam_update(a, w[i], g[i], rate, &norm));
        if (m) {
            memset(kept, 0, sizeof kept);
            muon_steps(m, kept, step, 1.0f);
            assert_memory_equal(adam_where(a)->first + GAP, kept + GAP, WIDE * sizeof *kept);
        }
        adam_free(a);
        muon_free(m);
    }
    for (int i = 0; i < N_MATRICES; i++)
        for (size_t k = 0; k < matrices[i].rows * matrices[i].columns; k++)
            inside[matrices[i].offset + k] = true;
    for (int i = 0; i < N; i++) {
        const double shrink = decays[i] ? rate * decay * (double)before[i] : 0;
        const double expected =
            inside[i] ? (double)before[i] - rate * (double)step[i] - shrink : (double)w[0][i];
        assert_true(fabs((double)w[1][i] - expected) < 1e-6);
    }
    workers_free(hands);
}

static void failing_allocations_are_reported(void **context)
{
    (void)context;
    workers *const w = workers_new(2);
    for (size_t n = 0;; n++) {
        muon *m = (muon *)1;
        failing_alloc_arm(n);
        const sordino_status status = muon_new(matrices, N_MATRICES, kernels_pick(), w, &m, NULL);
        if (!failing_alloc_disarm()) {
            assert_int_equal(status, SORDINO_OK);
            muon_free(m);
            break;
        }
        assert_int_equal(status, SORDINO_NO_MEM);
        assert_null(m);
    }
    muon_free(NULL);
    workers_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_made_orthogonal),
        cmocka_unit_test(momentum_is_nesterovs),
        cmocka_unit_test(other_weights_are_left_alone),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(a_gradient_of_zero_gives_no_step),
        cmocka_unit_test(adam_leaves_matrices_to_muon),
        cmocka_unit_test(failing_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
