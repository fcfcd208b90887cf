#include "trainer/muon.h"

#include "core/base/arena.h"
#include "core/base/error.h"
#include "core/kernels/train_kernels.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const float memory = 0.95f; /* of the momentum */
/* Of Newton-Schulz: singular values in 0..1 come out between about 0.7 and 1.2. */
static const float ns_a = 3.4445f, ns_b = -4.7750f, ns_c = 2.0315f;
static const double adam_size = 0.2; /* root mean square of a step of AdamW */
enum { NS_STEPS = 5 };

/* What one thread works with; rows <= columns here. */
typedef struct workspace {
    arena memory;
    float *x, *y, *turned; /* [rows][pad(columns)], its next, [columns][pad(rows)] */
    float *gram, *square;  /* [rows][pad(rows)] */
} workspace;

struct muon {
    muon_matrix *matrices;
    size_t n;
    const train_kernels *kernels;
    workers *workers;
    ptrdiff_t *at; /* 0, 1, 2 ... */
    workspace *workspaces;
    float *momentum, *gradient; /* of the update under way */
    float scale;
};

void muon_free(muon *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; m->workspaces && i < workers_count(m->workers); i++)
        arena_free(&m->workspaces[i].memory);
    free(m->workspaces);
    free(m->at);
    free(m->matrices);
    free(m);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static bool workspace_new(workspace *b, size_t rows, size_t columns)
{
    const size_t extra = KERNELS_PAD, row = kernels_pad(rows), long_row = kernels_pad(columns);
    for (unsigned pass = 0; pass < 2; pass++) {
        b->x = arena_take(&b->memory, rows * long_row + extra, sizeof *b->x);
        b->y = arena_take(&b->memory, rows * long_row + extra, sizeof *b->y);
        b->turned = arena_take(&b->memory, columns * row + extra, sizeof *b->turned);
        b->gram = arena_take(&b->memory, rows * row + extra, sizeof *b->gram);
        b->square = arena_take(&b->memory, rows * row + extra, sizeof *b->square);
        if (pass == 0 && !arena_alloc(&b->memory))
            return false;
    }
    return true;
}

sordino_status muon_new(const muon_matrix *matrices, size_t n, const kernels *table, workers *w,
                        muon **out, sordino_error *why)
{
    muon *m = calloc(1, sizeof *m);
    *out = m;
    size_t rows = 1, columns = 1;
    for (size_t i = 0; i < n; i++) {
        rows = larger(rows, smaller(matrices[i].rows, matrices[i].columns));
        columns = larger(columns, larger(matrices[i].rows, matrices[i].columns));
    }
    bool had = m != NULL;
    if (had) {
        m->n = n;
        m->workers = w;
        m->kernels = train_kernels_of(table);
        m->matrices = calloc(n + 1, sizeof *m->matrices);
        m->workspaces = calloc(workers_count(w), sizeof *m->workspaces);
        m->at = calloc(columns, sizeof *m->at);
        had = m->matrices && m->workspaces && m->at;
    }
    for (uint32_t i = 0; had && i < workers_count(w); i++)
        had = workspace_new(&m->workspaces[i], rows, columns);
    if (!had) {
        muon_free(m);
        *out = NULL;
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the optimiser");
    }
    if (n > 0)
        memcpy(m->matrices, matrices, n * sizeof *matrices);
    for (size_t i = 0; i < columns; i++)
        m->at[i] = (ptrdiff_t)i;
    return SORDINO_OK;
}

size_t muon_count(const muon *m)
{
    return m->n;
}

muon_matrix muon_at(const muon *m, size_t i)
{
    return m->matrices[i];
}

/* sum [rows][pad(width)] += x' y, with x [n][x_stride] of which `rows` columns count, and y
 * [n][y_stride]. */
static void multiply(const muon *m, const float *x, size_t x_stride, const float *y,
                     size_t y_stride, size_t n, size_t rows, size_t width, float *sum)
{
    const train_outer o = {.x = x,
                           .y = y,
                           .n = n,
                           .x_stride = x_stride,
                           .y_stride = y_stride,
                           .at = m->at,
                           .n_at = rows,
                           .width = width,
                           .sum = sum};
    m->kernels->outer(&o);
}

/* One step: X becomes a X + (b A + c A A) X with A = X X', in b->x again. */
static void newton_schulz(const muon *m, workspace *b, size_t rows, size_t columns)
{
    const size_t row = kernels_pad(rows), long_row = kernels_pad(columns);
    for (size_t c = 0; c < columns; c++)
        for (size_t r = 0; r < rows; r++)
            b->turned[c * row + r] = b->x[r * long_row + c];
    memset(b->gram, 0, rows * row * sizeof *b->gram);
    multiply(m, b->turned, row, b->turned, row, columns, rows, rows, b->gram);
    memset(b->square, 0, rows * row * sizeof *b->square);
    multiply(m, b->gram, row, b->gram, row, rows, rows, rows, b->square);
    for (size_t i = 0; i < rows * row; i++)
        b->square[i] = ns_b * b->gram[i] + ns_c * b->square[i];
    for (size_t i = 0; i < rows * long_row; i++)
        b->y[i] = ns_a * b->x[i];
    multiply(m, b->square, row, b->x, long_row, rows, rows, columns, b->y);
    float *const next = b->y;
    b->y = b->x;
    b->x = next;
}

/* Copies `from` [rows][columns], or turned, into rows padded with zeros, divided by its norm. */
static void load(workspace *b, const float *from, const muon_matrix *s)
{
    const bool tall = s->rows > s->columns;
    const size_t rows = smaller(s->rows, s->columns), columns = larger(s->rows, s->columns);
    const size_t long_row = kernels_pad(columns), row = kernels_pad(rows);
    double sum = 0;
    for (size_t i = 0; i < s->rows * s->columns; i++)
        sum += (double)from[i] * (double)from[i];
    const float factor = (float)(1 / (sqrt(sum) + 1e-30));
    memset(b->x, 0, rows * long_row * sizeof *b->x);
    memset(b->turned, 0, columns * row * sizeof *b->turned);
    for (size_t r = 0; r < s->rows; r++)
        for (size_t c = 0; c < s->columns; c++)
            b->x[tall ? c * long_row + r : r * long_row + c] = factor * from[r * s->columns + c];
}

static void step_of(void *self, uint32_t thread, size_t k)
{
    muon *const m = self;
    const muon_matrix *const s = &m->matrices[k];
    workspace *const b = &m->workspaces[thread];
    float *const restrict kept = m->momentum + s->offset, *const restrict g =
                                                              m->gradient + s->offset;
    for (size_t i = 0; i < s->rows * s->columns; i++) {
        const float now = m->scale * g[i];
        kept[i] += (1 - memory) * (now - kept[i]);
        g[i] = now + memory * (kept[i] - now);
    }
    load(b, g, s);
    const bool tall = s->rows > s->columns;
    const size_t rows = smaller(s->rows, s->columns), columns = larger(s->rows, s->columns);
    const size_t long_row = kernels_pad(columns);
    for (int i = 0; i < NS_STEPS; i++)
        newton_schulz(m, b, rows, columns);
    const float factor = (float)(adam_size * sqrt((double)columns));
    for (size_t r = 0; r < s->rows; r++)
        for (size_t c = 0; c < s->columns; c++)
            g[r * s->columns + c] = factor * b->x[tall ? c * long_row + r : r * long_row + c];
}

void muon_steps(muon *m, float *momentum, float *gradient, float scale)
{
    m->momentum = momentum;
    m->gradient = gradient;
    m->scale = scale;
    workers_run(m->workers, step_of, m, m->n);
}
