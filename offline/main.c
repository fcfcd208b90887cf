/* sordino: removes noise from files, pipes and folders. */
#include "common/atomic_file.h"
#include "offline/batch/batch.h"
#include "common/fail.h"
#include "common/kernels.h"
#include "common/models.h"
#include "offline/options.h"
#include "offline/batch/report.h"

#include <stdio.h>
#include <stdlib.h>

static bool complain(const char *subject, const char *text)
{
    fprintf(stderr, "sordino: %s: %s\n", subject, text);
    return false;
}

static bool complain_why(const char *subject, sordino_error *why)
{
    fail_fit(why);
    return complain(subject, why->text);
}

/* What the jobs share: a model, a profile. */
typedef struct shared {
    sordino_model *model, *speech;
    sordino_profile *profile;
} shared;

static bool any_may_be_sound(const options *o, const batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (job_may_be_sound(b->jobs[i].input, o))
            return true;
    return false;
}

static bool open_shared(const options *o, const batch *b, shared *s)
{
    sordino_error why;
    if (o->model && !models_is_method(o->model) && models_open(o->model, &s->model, &why))
        return complain_why(o->model, &why);
    if (!o->model && !o->wants_wiener && any_may_be_sound(o, b) &&
        models_open_speech(&s->speech, &why))
        return complain_why("speech", &why);
    if (o->noise_profile && sordino_profile_open_path(o->noise_profile, &s->profile, &why))
        return complain_why(o->noise_profile, &why);
    return true;
}

/* The network that was asked for, or was used unasked; NULL when there was none. */
static const sordino_model *model_of(const batch *b, const shared *s)
{
    if (s->model)
        return s->model;
    for (size_t i = 0; i < b->n; i++)
        if (b->jobs[i].model)
            return b->jobs[i].model;
    return NULL;
}

static bool write_report(const options *o, const batch *b, const shared *s)
{
    const sordino_model *const model = model_of(b, s);
    bool good = true;
    sordino_error why;
    if (o->json)
        good = (report_write(b->jobs, b->n, model, stdout) && fflush(stdout) == 0) ||
               complain("--json", "standard output cannot be written; check where it goes");
    if (!o->report)
        return good;
    char *text = NULL;
    size_t size = 0;
    output *out;
    FILE *const memory = open_memstream(&text, &size);
    if (!memory || !report_write(b->jobs, b->n, model, memory) || fclose(memory) != 0) {
        free(text);
        return complain(o->report, "out of memory; give fewer inputs");
    }
    if (output_open(o->report, o->force, &out, &why)) {
        good = complain(o->report, why.text);
    } else {
        output_write(out, text, size);
        if (output_commit(out, &why))
            good = complain(o->report, why.text);
    }
    free(text);
    return good;
}

static bool run(const options *o)
{
    batch b;
    shared s = {NULL, NULL, NULL};
    if (!batch_find(o, &b)) {
        batch_free(&b);
        return complain("arguments", "out of memory; give fewer inputs");
    }
    bool good = b.n_lost == 0;
    if (b.n > 0 && open_shared(o, &b, &s)) {
        const job_setup setup = {
            .options = o, .model = s.model, .speech = s.speech, .profile = s.profile};
        const size_t failed = batch_run(&b, &setup) + b.n_lost;
        if (failed > 0 && b.n + b.n_lost > 1)
            fprintf(stderr, "sordino: %zu of %zu inputs failed\n", failed, b.n + b.n_lost);
        good = write_report(o, &b, &s) && failed == 0;
    } else if (b.n > 0) {
        good = false;
    } else if (good) {
        good = complain(o->inputs[0], "holds no files; name others");
    }
    sordino_profile_free(s.profile);
    sordino_model_free(s.speech);
    sordino_model_free(s.model);
    batch_free(&b);
    return good;
}

int main(int argc, char **argv)
{
    options o;
    switch (options_read(argc, argv, &o)) {
    case OPTIONS_DONE:
        return EXIT_SUCCESS;
    case OPTIONS_WRONG:
        return 2;
    case OPTIONS_RUN:
        break;
    }
    if (o.list_models) {
        models_list(stdout);
        return EXIT_SUCCESS;
    }
    if (!kernels_check("sordino"))
        return EXIT_FAILURE;
    output_catch_signals();
    return run(&o) ? EXIT_SUCCESS : EXIT_FAILURE;
}
