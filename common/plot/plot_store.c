/*
 * Spectra: power of Hann-windowed frames, averaged. The hop grows from an eighth to half of the
 * window as columns merge, so that a short file is drawn finely and a long one costs two
 * transforms a window; only then do columns hold several frames.
 */
#include "common/plot/plot_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double full_circle = 6.283185307179586;
static const double window_seconds = 0.02; /* at least; rounded up to a power of two samples */

bool audio_init(audio *a, double rate)
{
    a->window = 64;
    while (a->window < 8192 && (double)a->window < rate * window_seconds)
        a->window *= 2;
    a->hop = a->window / 8;
    a->rows = a->window / 2 < MAX_ROWS ? a->window / 2 : MAX_ROWS;
    a->bins_per_row = a->window / 2 / a->rows;
    a->frames_per_column = 1;
    a->fill = a->window / 2; /* zeros: the first frame is centred on the first sample */
    a->fft = rfft_new(a->window);
    a->weights = malloc(a->window * sizeof *a->weights);
    bool ok = a->fft && a->weights;
    for (int s = 0; s < 2; s++) {
        a->past[s] = calloc(a->window, sizeof *a->past[s]);
        a->sum[s] = calloc(a->rows, sizeof *a->sum[s]);
        a->columns[s] = malloc(MAX_COLUMNS * a->rows * sizeof *a->columns[s]);
        ok = ok && a->past[s] && a->sum[s] && a->columns[s];
    }
    for (size_t i = 0; ok && i < a->window; i++)
        a->weights[i] =
            (1 - cos(full_circle * (double)i / (double)a->window)) * 2 / (double)a->window;
    return ok;
}

void audio_free(audio *a)
{
    rfft_free(a->fft);
    free(a->weights);
    for (int s = 0; s < 2; s++) {
        free(a->past[s]);
        free(a->sum[s]);
        free(a->columns[s]);
    }
}

/* Adds the power spectrum of `past` to the column's sum: row r is the mean of its bins. */
static void audio_add_spectrum(audio *a, int s)
{
    double *const time = rfft_time(a->fft);
    const double *const bins = rfft_bins(a->fft);
    for (size_t i = 0; i < a->window; i++)
        time[i] = a->past[s][i] * a->weights[i];
    rfft_forward(a->fft);
    for (size_t k = 0; k < a->rows * a->bins_per_row; k++)
        a->sum[s][k / a->bins_per_row] +=
            (bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1]) /
            (double)a->bins_per_row;
}

static void audio_end_column(audio *a)
{
    for (int s = 0; s < 2; s++) {
        float *const column = a->columns[s] + a->n_columns * a->rows;
        for (size_t r = 0; r < a->rows; r++)
            column[r] = (float)(a->sum[s][r] / (double)a->frames_in_column);
        memset(a->sum[s], 0, a->rows * sizeof *a->sum[s]);
    }
    a->frames_in_column = 0;
    a->n_columns++;
}

static void audio_merge_columns(audio *a)
{
    for (int s = 0; s < 2; s++)
        for (size_t c = 0; c < a->n_columns / 2; c++)
            for (size_t r = 0; r < a->rows; r++) {
                const float *const pair = a->columns[s] + 2 * c * a->rows + r;
                a->columns[s][c * a->rows + r] = (pair[0] + pair[a->rows]) / 2;
            }
    a->n_columns /= 2;
    if (a->hop < a->window / 2)
        a->hop *= 2;
    else
        a->frames_per_column *= 2;
}

static void audio_frame(audio *a)
{
    audio_add_spectrum(a, 0);
    audio_add_spectrum(a, 1);
    const size_t old_hop = a->hop;
    if (++a->frames_in_column == a->frames_per_column)
        audio_end_column(a);
    if (a->n_columns == MAX_COLUMNS)
        audio_merge_columns(a);
    /* Frame t is centred at t * hop; the frame just taken was the odd one of its pair, so the next
     * lies one old hop on, whatever the hop is from then. */
    for (int s = 0; s < 2; s++)
        memmove(a->past[s], a->past[s] + old_hop, (a->window - old_hop) * sizeof *a->past[s]);
    a->fill = a->window - old_hop;
}

void audio_push(audio *a, const float *before, const float *after, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a->past[0][a->fill] = isfinite(before[i]) ? before[i] : 0;
        a->past[1][a->fill] = isfinite(after[i]) ? after[i] : 0;
        if (++a->fill == a->window)
            audio_frame(a);
    }
}

/* Zeros until the last sample was the centre of a frame, and the column begun. */
void audio_finish(audio *a)
{
    const float zero = 0;
    for (size_t i = 0; i < a->window / 2; i++)
        audio_push(a, &zero, &zero, 1);
    if (a->frames_in_column > 0)
        audio_end_column(a);
}

const cell empty_cell = {INFINITY, -INFINITY};

void cell_add(cell *c, float value)
{
    if (!isfinite(value))
        return;
    c->low = value < c->low ? value : c->low;
    c->high = value > c->high ? value : c->high;
}

cell cell_union(cell a, cell b)
{
    const cell both = {a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high};
    return both;
}

bool sensor_init(sensor *s)
{
    s->samples_per_cell = 1;
    s->best_range = -1;
    s->cells = malloc(MAX_CELLS * sizeof *s->cells);
    bool ok = s->cells != NULL;
    for (int i = 0; i < 2; i++) {
        s->recent[i] = malloc(PASSAGE * sizeof *s->recent[i]);
        s->best[i] = malloc(PASSAGE * sizeof *s->best[i]);
        ok = ok && s->recent[i] && s->best[i];
    }
    if (ok)
        s->cells[0][0] = s->cells[0][1] = empty_cell;
    return ok;
}

void sensor_free(sensor *s)
{
    free(s->cells);
    for (int i = 0; i < 2; i++) {
        free(s->recent[i]);
        free(s->best[i]);
    }
}

static void sensor_merge_cells(sensor *s)
{
    for (size_t c = 0; c < s->n_cells / 2; c++)
        for (int i = 0; i < 2; i++)
            s->cells[c][i] = cell_union(s->cells[2 * c][i], s->cells[2 * c + 1][i]);
    s->n_cells /= 2;
    s->samples_per_cell *= 2;
}

/* Keeps the latest PASSAGE samples when the second signal moves more in the middle half of them
 * than in any before: what is worth seeing then stands in the middle. */
static void sensor_compare_passage(sensor *s, uint64_t end)
{
    cell all = empty_cell;
    for (size_t i = PASSAGE / 4; i < PASSAGE - PASSAGE / 4; i++)
        cell_add(&all, s->recent[1][i]);
    const double range = all.low <= all.high ? (double)all.high - (double)all.low : -0.5;
    if (range > s->best_range) {
        s->best_range = range;
        s->best_start = end - PASSAGE;
        for (int i = 0; i < 2; i++)
            memcpy(s->best[i], s->recent[i], PASSAGE * sizeof *s->best[i]);
    }
}

void sensor_push(sensor *s, uint64_t at, float before, float after)
{
    const size_t half = PASSAGE / 2;
    if (at >= PASSAGE && at % half == 0)
        for (int i = 0; i < 2; i++)
            memcpy(s->recent[i], s->recent[i] + half, half * sizeof *s->recent[i]);
    const size_t slot = at < PASSAGE ? (size_t)at : half + (size_t)(at % half);
    s->recent[0][slot] = before;
    s->recent[1][slot] = after;
    if (slot == PASSAGE - 1)
        sensor_compare_passage(s, at + 1);

    cell_add(&s->cells[s->n_cells][0], before);
    cell_add(&s->cells[s->n_cells][1], after);
    if (++s->samples_in_cell < s->samples_per_cell)
        return;
    s->samples_in_cell = 0;
    if (++s->n_cells == MAX_CELLS)
        sensor_merge_cells(s);
    s->cells[s->n_cells][0] = s->cells[s->n_cells][1] = empty_cell;
}
