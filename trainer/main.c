/* sordino-train: from recordings of noise and signals, or generators of them, to a model. */
#include "trainer/onnx.h"
#include "trainer/options.h"
#include "trainer/preview.h"
#include "trainer/run/design.h"
#include "trainer/run/export.h"
#include "trainer/run/machines.h"
#include "trainer/run/report.h"
#include "trainer/run/train.h"

#include "core/base/error.h"
#include "core/model/model_path.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_LOSES = 3, EXIT_STOPPED = 130 };
enum { PREVIEW_EXAMPLES = 3, PREVIEW_RATE = 48000, PREVIEW_SECONDS = 3 };

static volatile int stopped;
static machines *crew; /* NULL: one alone */

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigemptyset(&a.sa_mask);
    a.sa_flags = SA_RESETHAND; /* a second one ends at once */
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

static bool speaks(void)
{
    return machines_rank(crew) == 0;
}

static int complain(const char *subject, const sordino_error *why)
{
    if (speaks())
        fprintf(stderr, "sordino-train: %s%s%s\n", subject ? subject : "", subject ? ": " : "",
                why->text);
    return EXIT_FAILURE;
}

/* Lines of `notes` to standard error. */
static void tell_notes(const char *notes)
{
    for (const char *at = speaks() ? notes : NULL; at && *at;) {
        const size_t n = strcspn(at, "\n");
        if (n > 0)
            fprintf(stderr, "sordino-train: %.*s\n", (int)n, at);
        at += n + (at[n] == '\n');
    }
}

static void tell_scores(FILE *to, const char *name, const scores *s)
{
    bool any = false;
    for (int k = 0; k < SCORE_COUNT; k++)
        any = any || s->mean[k] == s->mean[k];
    if (!any)
        return;
    fprintf(to, "%16s", name);
    for (int k = 0; k < SCORE_COUNT; k++)
        if (s->mean[k] == s->mean[k])
            fprintf(to, "  %s %7.3f", score_kind_name((score_kind)k), s->mean[k]);
    fputc('\n', to);
}

/* A model that is part of the library, or a file. */
static sordino_status open_model(const char *name, sordino_model **out, sordino_error *why)
{
    const sordino_status status = sordino_model_open_builtin(name, out, NULL);
    return status == SORDINO_OK ? status : sordino_model_open_path(name, out, why);
}

/* A line of JSON for each mixture. */
static sordino_status log_items(const scoring *s, const options *o, sordino_error *why)
{
    const char *const path = o->settings.log;
    FILE *const to = path ? fopen(path, o->settings.force ? "w" : "wx") : NULL;
    if (path && !to)
        return error_set(why, SORDINO_IO, "%s: %s%s", path, strerror(errno),
                         errno == EEXIST ? "; give --force to replace it" : "");
    for (uint32_t i = 0; to && i < scoring_count(s); i++) {
        const char *between = "{";
        for (int k = 0; k < SCORE_SUBJECTS; k++)
            for (int n = 0; n < SCORE_COUNT; n++) {
                const double x = scoring_item(s, (score_subject)k, i).mean[n];
                if (x != x)
                    continue;
                fprintf(to, "%s\"%s %s\":%.6g", between, score_subject_name((score_subject)k),
                        score_kind_name((score_kind)n), x);
                between = ",";
            }
        fputs("}\n", to);
    }
    return to && fclose(to) != 0 ? error_set(why, SORDINO_IO, "%s: %s", path, strerror(errno))
                                 : SORDINO_OK;
}

/* A model beside the baselines, on standard output. */
static int score(const options *o)
{
    sordino_error why = {0};
    sources *src = NULL;
    scoring *s = NULL;
    sordino_model *m = NULL;
    workers *const w = workers_new(o->settings.threads);
    sordino_status status = open_model(o->score, &m, &why);
    if (status == SORDINO_OK)
        status = design_serves(&o->settings, m, o->score, &why);
    if (status == SORDINO_OK && !w)
        status = error_set(&why, SORDINO_NO_MEM, "%u threads cannot be had",
                           (unsigned)o->settings.threads);
    if (status == SORDINO_OK)
        status = sources_open(&o->settings, stderr, &src, &why);
    if (status == SORDINO_OK)
        status = scoring_new(&o->settings, src, w, &s, &why);
    for (int i = 0; status == SORDINO_OK && i < SCORE_SUBJECTS; i++) {
        scores found;
        status = scoring_run(s, (score_subject)i, i == SCORE_MODEL ? m : NULL, &found, &why);
        if (status == SORDINO_OK)
            tell_scores(stdout, score_subject_name((score_subject)i), &found);
    }
    if (status == SORDINO_OK)
        status = log_items(s, o, &why);
    scoring_free(s);
    sources_free(src);
    sordino_model_free(m);
    workers_free(w);
    return status == SORDINO_OK ? EXIT_SUCCESS : complain(o->score, &why);
}

static void tell_table(const train *t)
{
    fprintf(stderr, "Scores on %u held-out mixtures (%s signals):\n",
            (unsigned)train_scored_items(t),
            train_sources(t)->held_recorded ? "recorded" : "generated");
    for (int i = 0; i < SCORE_SUBJECTS; i++)
        tell_scores(stderr, score_subject_name((score_subject)i),
                    i == SCORE_MODEL ? train_best(t) : train_baseline(t, (score_subject)i));
}

static sordino_status write_card(const train *t, const options *o, sordino_error *why)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const to = open_memstream(&text, &size);
    if (to)
        train_card(t, o->command, to);
    if (!to || fclose(to) != 0) {
        free(text);
        snprintf(why->text, sizeof why->text, "Out of memory for the card");
        return why->status = SORDINO_NO_MEM;
    }
    const sordino_status status = model_write_path(o->settings.card, text, size, why);
    free(text);
    return status;
}

static sordino_status write_model(const train *t, const options *o, const char *path, size_t *size,
                                  sordino_error *why)
{
    void *bytes = NULL;
    sordino_status status = train_export(t, o->command, &bytes, size, why);
    if (status == SORDINO_OK)
        status = model_write_path(path, bytes, *size, why);
    free(bytes);
    return status;
}

static const char *rival_name(score_subject rival)
{
    return rival == SCORE_NOISY        ? "untouched input"
           : rival == SCORE_WIENER     ? "Wiener filter"
           : rival == SCORE_KALMAN     ? "Kalman filter"
           : rival == SCORE_FIR_WIENER ? "fitted FIR filter"
                                       : score_subject_name(rival);
}

/* Why the model is not written, and how to go on. */
static void say_refused(const train *t, const options *o, const judgement *j)
{
    const double got = train_best(t)->mean[j->kind],
                 theirs = train_baseline(t, j->rival)->mean[j->kind],
                 minutes = ceil(fmax(10, 2 * train_where(t).elapsed / 60));
    fprintf(stderr, "sordino-train: %s: not written: ", o->settings.output);
    if (j->rival == SCORE_START && train_best_hours(t) <= 0)
        fputs("no step of training did better than the model it started from", stderr);
    else
        fprintf(stderr, "it loses to the %s (%s %.3f to %.3f)", rival_name(j->rival),
                score_kind_name(j->kind), got, theirs);
    fprintf(stderr,
            "; kept as %s; go on with --resume --minutes %.0f, or write it all the same with "
            "--resume --even-if-worse\n",
            o->rejected, minutes);
}

/* Model and card; the checkpoint has done its work. */
static int finish(train *t, const options *o)
{
    const settings *const s = &o->settings;
    sordino_error why = {0};
    judgement j;
    size_t size = 0;
    if (train_judge(t, &j, &why) != SORDINO_OK)
        return complain(NULL, &why);
    if (!s->quiet)
        tell_table(t);
    const bool accepted = j.wins || s->even_if_worse;
    const char *const path = accepted ? s->output : o->rejected;
    sordino_status status = write_model(t, o, path, &size, &why);
    if (status == SORDINO_OK)
        status = write_card(t, o, &why);
    if (status != SORDINO_OK)
        return complain(path, &why);
    if (!accepted) {
        say_refused(t, o, &j);
        return EXIT_LOSES;
    }
    if (access(o->rejected, F_OK) == 0 && s->resume)
        (void)remove(o->rejected); /* of the same run, and no better */
    if (!s->quiet)
        fprintf(stderr, "%s: %zu weights, %.1f KiB%s%s\n", s->output, train_weights(t),
                (double)size / 1024, j.wins ? "" : "; it loses to the ",
                j.wins ? "" : rival_name(j.rival));
    return EXIT_SUCCESS;
}

static void say_where(const train *t, const options *o)
{
    const train_status where = train_where(t);
    fprintf(stderr,
            "sordino-train: stopped after %.2f hours of audio; saved to %s; go on with --resume "
            "--checkpoint %s\n",
            where.hours, o->settings.checkpoint, o->settings.checkpoint);
}

static int train_with(const options *o, train *t, report *r)
{
    const settings *const s = &o->settings;
    sordino_error why = {0};
    if (s->resume && train_resume(t, &why) != SORDINO_OK)
        return complain(NULL, &why);
    catch_signals();
    if (train_baselines(t, &why) != SORDINO_OK)
        return complain(NULL, &why);
    if (r)
        report_baselines(r, t);
    const sordino_status status = train_run(t, &stopped, r ? report_watch : NULL, r, &why);
    if (r) {
        sordino_error drawn = {0};
        if (report_draw(r, s->picture, &drawn) != SORDINO_OK)
            (void)complain(s->picture, &drawn);
        report_end_line(r);
    }
    if (status != SORDINO_OK)
        return complain(NULL, &why);
    int code = EXIT_SUCCESS;
    if (machines_any(crew, stopped)) {
        code = EXIT_STOPPED;
        if (speaks())
            say_where(t, o);
    } else if (speaks()) {
        code = finish(t, o);
    }
    machines_broadcast(crew, &code, sizeof code);
    return code;
}

static int run(const options *o)
{
    const settings *const s = &o->settings;
    sordino_error why = {0};
    train *t = NULL;
    report *r = NULL;
    char *notes = NULL;
    size_t size = 0;
    sordino_status status =
        machines_agree(crew, speaks() ? options_check_files(o, &why) : SORDINO_OK, &why);
    if (status != SORDINO_OK)
        return complain(NULL, &why);
    FILE *const to = open_memstream(&notes, &size);
    status = train_new(s, crew, to, &t, &why);
    if (to)
        fclose(to);
    tell_notes(notes);
    free(notes);
    if (status == SORDINO_OK) {
        if (speaks())
            status = report_new(s->log, s->resume, !s->quiet, &r, &why);
        status = machines_agree(crew, status, &why);
    }
    int code = status == SORDINO_OK ? train_with(o, t, r) : complain(NULL, &why);
    report_free(r);
    train_free(t);
    return code;
}

/* Examples of the kinds that are named, or of all. */
static int preview(const options *o)
{
    const settings *const s = &o->settings;
    char kinds[2048] = "";
    size_t at = 0;
    sordino_error why = {0};
    for (uint32_t i = 0; i < s->signal.n + s->noise.n; i++) {
        const char *const item =
            i < s->signal.n ? s->signal.items[i] : s->noise.items[i - s->signal.n];
        const int n = snprintf(kinds + at, sizeof kinds - at, "%s%.*s", at ? "," : "",
                               (int)strcspn(item, ":"), item);
        if (n < 0 || (size_t)n >= sizeof kinds - at)
            break;
        at += (size_t)n;
    }
    /* Sensors count samples, and have no length in seconds unless one is asked for. */
    const double seconds = s->mix.seconds > 0 ? s->mix.seconds : PREVIEW_SECONDS;
    if (preview_run(kinds, PREVIEW_EXAMPLES, seconds, PREVIEW_RATE, s->seed, o->preview_folder,
                    &why) != SORDINO_OK)
        return complain(o->preview_folder, &why);
    return EXIT_SUCCESS;
}

static int export_onnx(const options *o)
{
    sordino_error why = {0};
    sordino_model *m = NULL;
    if (open_model(o->onnx_from, &m, &why) != SORDINO_OK)
        return complain(o->onnx_from, &why);
    const sordino_status status = onnx_write(m, o->onnx_to, &why);
    sordino_model_free(m);
    return status == SORDINO_OK ? EXIT_SUCCESS : complain(o->onnx_to, &why);
}

/* What is asked for, by one machine or by several. */
static int go(int argc, char **argv, options *o)
{
    sordino_error why = {0};
    const options_found found = options_parse(argc, argv, o, &why);
    const sordino_status status =
        machines_agree(crew, found == OPTIONS_BAD ? SORDINO_BAD_ARG : SORDINO_OK, &why);
    if (status != SORDINO_OK) {
        if (speaks())
            fprintf(stderr, "sordino-train: %s\n", why.text);
        return EXIT_USAGE;
    }
    if (found == OPTIONS_DONE)
        return EXIT_SUCCESS;
    if (machines_agree(crew, sordino_kernels(NULL, &why), &why) != SORDINO_OK)
        return complain(NULL, &why);
    if (!o->preview && !o->onnx_from && !o->score)
        return run(o);
    if (machines_count(crew) > 1) {
        (void)error_set(&why, SORDINO_BAD_ARG, "Only training is for several machines");
        return complain(NULL, &why);
    }
    return o->preview ? preview(o) : o->onnx_from ? export_onnx(o) : score(o);
}

int main(int argc, char **argv)
{
#if defined(M_MMAP_THRESHOLD)
    /* Examples come and go by the megabyte: keep their memory instead of having it zeroed anew. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 28);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
    sordino_error why = {0};
    if (machines_join(&crew, &why) != SORDINO_OK)
        return complain(NULL, &why);
    options o;
    const int code = go(argc, argv, &o);
    options_free(&o);
    machines_leave(crew);
    return code;
}
