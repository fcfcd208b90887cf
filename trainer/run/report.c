#include "trainer/run/report.h"

#include "core/base/error.h"
#include "trainer/run/curves.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

enum { BAR_WIDTH = 24 };
static const double bar_interval = 0.2, log_interval = 5; /* s */

struct report {
    FILE *log;
    bool told, bar, drawn; /* lines; a bar, on a terminal; one stands there */
    double last_bar, last_log;
    curves *curves;
    char rivals[96]; /* what the model is compared with, for the bar */
    double latest;   /* its first figure at the last scoring; NAN: none yet */
    score_kind kind; /* that figure */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

sordino_status report_new(const char *log, bool resume, bool bar, report **out, sordino_error *why)
{
    *out = NULL;
    report *r = calloc(1, sizeof *r);
    if (!r)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the report");
    r->told = bar;
    r->bar = bar && isatty(STDERR_FILENO);
    r->last_bar = r->last_log = -1e9;
    r->latest = NAN;
    sordino_status status = curves_new(resume ? log : NULL, &r->curves, why);
    if (status == SORDINO_OK && log) {
        r->log = fopen(log, resume ? "a" : "w");
        if (!r->log)
            status = error_set(why, SORDINO_IO, "%s: %s", log, strerror(errno));
    }
    if (status != SORDINO_OK) {
        report_free(r);
        return status;
    }
    *out = r;
    return SORDINO_OK;
}

void report_end_line(report *r)
{
    if (r->drawn)
        fputc('\n', stderr);
    r->drawn = false;
}

void report_free(report *r)
{
    if (!r)
        return;
    report_end_line(r);
    if (r->log)
        fclose(r->log);
    curves_free(r->curves);
    free(r);
}

/* "1 h 02", "3 min 10", "45 s". */
static void print_time(char *to, size_t size, double s)
{
    if (!(s < 3.6e8))
        snprintf(to, size, "-");
    else if (s >= 3600)
        snprintf(to, size, "%d h %02d", (int)(s / 3600), (int)(fmod(s, 3600) / 60));
    else if (s >= 60)
        snprintf(to, size, "%d min %02d", (int)(s / 60), (int)fmod(s, 60));
    else
        snprintf(to, size, "%d s", (int)s);
}

static const char *print_hours(char *to, size_t size, double hours)
{
    snprintf(to, size, "%.2f h of audio", hours);
    return to;
}

static void draw_bar(report *r, const train_status *s)
{
    char left[32], hours[32], done[BAR_WIDTH + 1];
    const double remaining =
        s->progress > 0 ? s->elapsed * (1 - s->progress) / s->progress : INFINITY;
    const int full = (int)(s->progress * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++)
        done[i] = i < full ? '#' : '.';
    done[BAR_WIDTH] = '\0';
    print_time(left, sizeof left, remaining);
    char now[32] = "";
    if (!isnan(r->latest))
        snprintf(now, sizeof now, "%.2f ", r->latest);
    fprintf(stderr, "\r[%s] %3.0f %%  %s %s(%s)  %s  %s left \033[K", done, 100 * s->progress,
            score_kind_name(r->kind), now, r->rivals,
            s->trying ? "trying learning rates" : print_hours(hours, sizeof hours, s->hours), left);
    fflush(stderr);
    r->drawn = true;
}

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *scores_object(const scores *s)
{
    json_t *const o = json_object();
    for (int k = 0; o && k < SCORE_COUNT; k++)
        if (!isnan(s->mean[k]))
            (void)json_object_set_new(o, score_kind_name((score_kind)k), real(s->mean[k]));
    return o;
}

/* Takes over `o`. */
static void log_line(report *r, json_t *o)
{
    if (r->log && o) {
        (void)json_dumpf(o, r->log, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
        fputc('\n', r->log);
        fflush(r->log);
    }
    json_decref(o);
}

static json_t *status_object(const train_status *s)
{
    json_t *const o = json_object();
    if (!o)
        return NULL;
    (void)json_object_set_new(o, "step", json_integer((json_int_t)s->step));
    (void)json_object_set_new(o, "hours", real(s->hours));
    (void)json_object_set_new(o, "elapsed", real(s->elapsed));
    (void)json_object_set_new(o, "loss", real(s->loss));
    (void)json_object_set_new(o, "gradient", real(s->norm));
    (void)json_object_set_new(o, "rate", real(s->rate));
    (void)json_object_set_new(o, "speed", real(s->speed));
    if (s->model) {
        (void)json_object_set_new(o, "scores", scores_object(s->model));
        (void)json_object_set_new(o, "best", json_boolean(s->best));
    }
    if (s->event)
        (void)json_object_set_new(o, "event", json_string(s->event));
    return o;
}

static void say_scores(report *r, const train_status *s)
{
    r->latest = s->model->mean[r->kind];
    if (!r->told)
        return;
    if (r->drawn)
        fputs("\r\033[K", stderr);
    r->drawn = false;
    fprintf(stderr, "%8.2f h", s->hours);
    for (int k = 0; k < SCORE_COUNT; k++)
        if (!isnan(s->model->mean[k]))
            fprintf(stderr, "  %s %.3f", score_kind_name((score_kind)k), s->model->mean[k]);
    fprintf(stderr, "%s\n", s->best ? "  best so far" : "");
}

void report_watch(void *self, const train_status *s)
{
    report *const r = self;
    const double at = now();
    if (s->event && (r->told || !s->trying)) {
        report_end_line(r);
        fprintf(stderr, "sordino-train: %s\n", s->event);
    }
    if (s->model)
        say_scores(r, s);
    else if (r->bar && at - r->last_bar >= bar_interval) {
        draw_bar(r, s);
        r->last_bar = at;
    }
    if (s->model || s->event || (!s->trying && at - r->last_log >= log_interval)) {
        json_t *const o = status_object(s);
        curves_add(r->curves, o);
        log_line(r, o);
        r->last_log = at;
    }
}

/* The figures to beat, a line each and short for the bar. */
static void tell_rivals(report *r, const train *t)
{
    static const score_subject shown[] = {SCORE_NOISY, SCORE_WIENER, SCORE_KALMAN, SCORE_START};
    size_t at = 0;
    r->kind = isnan(train_baseline(t, SCORE_NOISY)->mean[SCORE_SNR]) ? SCORE_SI_SDR : SCORE_SNR;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const scores *const s = train_baseline(t, shown[i]);
        if (isnan(s->mean[r->kind]))
            continue;
        const int n = snprintf(r->rivals + at, sizeof r->rivals - at, "%s%s %.2f", at ? ", " : "",
                               score_subject_name(shown[i]), s->mean[r->kind]);
        at += n > 0 && (size_t)n < sizeof r->rivals - at ? (size_t)n : 0;
        if (!r->told)
            continue;
        fprintf(stderr, "%s:", score_subject_name(shown[i]));
        for (int k = 0; k < SCORE_COUNT; k++)
            if (!isnan(s->mean[k]))
                fprintf(stderr, "  %s %.3f", score_kind_name((score_kind)k), s->mean[k]);
        fputc('\n', stderr);
    }
}

void report_baselines(report *r, const train *t)
{
    json_t *const all = json_object(), *const line = json_object();
    for (int i = 0; all && i < SCORE_MODEL; i++) {
        const scores *const s = train_baseline(t, (score_subject)i);
        bool any = false;
        for (int k = 0; k < SCORE_COUNT; k++)
            any = any || !isnan(s->mean[k]);
        if (any)
            (void)json_object_set_new(all, score_subject_name((score_subject)i), scores_object(s));
    }
    if (line)
        (void)json_object_set_new(line, "baselines", all);
    curves_add(r->curves, line);
    log_line(r, line);
    tell_rivals(r, t);
}

sordino_status report_draw(report *r, const char *path, sordino_error *why)
{
    return curves_draw(r->curves, path, why);
}
