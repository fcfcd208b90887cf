#include "trainer/run/train.h"

#include "core/base/error.h"
#include "trainer/adam.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/design.h"
#include "trainer/run/step.h"
#include "trainer/run/train_inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_RECOVERIES = 6, SCORINGS = 10, NET_STREAM = 3 };
static const double loss_memory = 0.02;    /* of the smoothed loss, a step */
static const double statistics_rate = 0.1; /* of batch norm's running averages, as in PyTorch */
static const double default_minutes = 30;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void train_free(train *t)
{
    if (!t)
        return;
    stepper_free(t->stepper);
    scoring_free(t->scoring);
    mixer_free(t->mixer);
    workers_free(t->workers);
    sources_free(t->sources);
    adam_free(t->adam);
    net_free(t->net);
    graph_free(t->graph);
    free(t->best_values);
    free(t->saved);
    free(t->essence);
    free(t);
}

/* The mask of weights that decay, [net_size]. */
static sordino_status new_adam(train *t, sordino_error *why)
{
    const size_t n = net_size(t->net);
    bool *decays = calloc(n + 1, sizeof *decays);
    if (!decays)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the optimiser");
    for (size_t i = 0; i < net_param_count(t->net); i++) {
        const net_param p = net_param_at(t->net, i);
        for (size_t k = 0; p.decays && p.offset < n && k < p.size; k++)
            decays[p.offset + k] = true;
    }
    const adam_spec spec = {
        .decay = t->settings->decay,
        .clip = t->settings->clip,
        .ema = t->settings->ema,
    };
    const sordino_status status = adam_new(&spec, n, decays, &t->adam, why);
    free(decays);
    return status;
}

/* A file, or a model that is part of the library. */
static sordino_status open_model(const char *name, sordino_model **out, sordino_error *why)
{
    const sordino_status status = sordino_model_open_path(name, out, why);
    return status == SORDINO_NOT_FOUND ? sordino_model_open_builtin(name, out, why) : status;
}

/* Takes weights, graph and front end from a model file; the graph is built anew when its dilations
 * are given, with more blocks perhaps. */
static sordino_status start_from(train *t, sordino_error *why)
{
    sordino_model *m = NULL;
    sordino_status status = open_model(t->settings->from, &m, why);
    if (status != SORDINO_OK)
        return status;
    if (t->settings->dilations) {
        status = design_new(t->settings, &t->front, &t->graph, why);
        t->front = m->front; /* of the same widths, or its tensors would not fit */
    } else {
        t->front = m->front;
        t->graph = m->graph;
        m->graph = NULL;
    }
    if (status == SORDINO_OK)
        status = net_new(t->graph, NULL, &t->net, why);
    if (status == SORDINO_OK) {
        rng r = rng_make(t->settings->seed, NET_STREAM, 0);
        status = t->settings->dilations ? net_grow(t->net, m->tensors, &r, why)
                                        : net_load(t->net, m->tensors, why);
    }
    snprintf(t->from_hash, sizeof t->from_hash, "%s", m->hash);
    sordino_model_free(m);
    return status;
}

static sordino_status new_network(train *t, sordino_error *why)
{
    sordino_status status;
    if (t->settings->from) {
        status = start_from(t, why);
    } else {
        status = design_new(t->settings, &t->front, &t->graph, why);
        if (status == SORDINO_OK)
            status = net_new(t->graph, NULL, &t->net, why);
        if (status == SORDINO_OK) {
            rng r = rng_make(t->settings->seed, NET_STREAM, 0);
            net_init(t->net, &r);
        }
    }
    if (status != SORDINO_OK)
        return status;
    t->all = net_size(t->net) + net_statistics(t->net);
    t->best_values = calloc(t->all + 1, sizeof *t->best_values);
    if (!t->best_values)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for weights");
    memcpy(t->best_values, net_values(t->net), t->all * sizeof *t->best_values);
    return new_adam(t, why);
}

static sordino_status build(train *t, FILE *notes, sordino_error *why)
{
    const settings *const s = t->settings;
    sordino_status status = sources_open(s, notes, &t->sources, why);
    if (status == SORDINO_OK)
        status = mixer_new(&s->mix, t->sources->clean, t->sources->n_clean, t->sources->noise,
                           t->sources->n_noise, s->seed, &t->mixer, why);
    if (status == SORDINO_OK)
        status = new_network(t, why);
    if (status != SORDINO_OK)
        return status;
    t->workers = workers_new(s->threads);
    if (!t->workers)
        return error_set(why, SORDINO_NO_MEM, "%u threads cannot be had", (unsigned)s->threads);
    const cost_spec cost = design_cost(s);
    const step_spec step = {
        .batch = s->batch, .lanes = s->lanes < s->batch ? s->lanes : s->batch, .ranks = 1};
    status = stepper_new(t->net, &t->front, &cost, t->mixer, t->workers, &step, &t->stepper, why);
    if (status == SORDINO_OK)
        status = scoring_new(s, t->sources, t->workers, &t->scoring, why);
    t->essence = settings_text(s, true);
    if (status == SORDINO_OK && !t->essence)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
    snprintf(t->graph_hash, sizeof t->graph_hash, "%016" PRIx64, graph_hash(t->graph));
    snprintf(t->data_hash, sizeof t->data_hash, "%016" PRIx64, sources_hash(t->sources));
    return status;
}

sordino_status train_new(const settings *s, FILE *notes, train **out, sordino_error *why)
{
    *out = NULL;
    train *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the run");
    t->settings = s;
    t->minutes = s->minutes > 0 || s->hours > 0 || s->steps > 0 ? s->minutes : default_minutes;
    t->best_merit = -INFINITY;
    t->rate_scale = 1;
    for (int i = 0; i < SCORE_SUBJECTS; i++)
        for (int k = 0; k < SCORE_COUNT; k++)
            t->figures[i].mean[k] = NAN;
    const sordino_status status = build(t, notes, why);
    if (status != SORDINO_OK) {
        train_free(t);
        return status;
    }
    *out = t;
    return SORDINO_OK;
}

/* ---- saving ---- */

enum { N_VECTORS = 5, N_NUMBERS = 11 + SCORE_COUNT, N_TEXTS = 3 };

/* What a checkpoint holds; the arrays are the caller's. */
static checkpoint describe(train *t, checkpoint_vector v[N_VECTORS], checkpoint_number n[N_NUMBERS],
                           checkpoint_text x[N_TEXTS])
{
    static const char *const score_names[SCORE_COUNT] = {"best.si_sdr", "best.estoi", "best.snr",
                                                         "best.rmse"};
    adam_state *const a = adam_where(t->adam);
    const size_t size = net_size(t->net);
    v[0] = (checkpoint_vector){"values", net_values(t->net), t->all};
    v[1] = (checkpoint_vector){"moment1", a->first, size};
    v[2] = (checkpoint_vector){"moment2", a->second, size};
    v[3] = (checkpoint_vector){"average", a->average, size};
    v[4] = (checkpoint_vector){"best", t->best_values, t->all};
    n[0] = (checkpoint_number){"step", &t->step};
    n[1] = (checkpoint_number){"updates", &a->updates};
    n[2] = (checkpoint_number){"loss", &t->loss};
    n[3] = (checkpoint_number){"hours", &t->hours};
    n[4] = (checkpoint_number){"elapsed", &t->elapsed};
    n[5] = (checkpoint_number){"best_merit", &t->best_merit};
    n[6] = (checkpoint_number){"next_score", &t->next_score};
    n[7] = (checkpoint_number){"rate_scale", &t->rate_scale};
    n[8] = (checkpoint_number){"skipped", &t->skipped};
    n[9] = (checkpoint_number){"recoveries", &t->recoveries};
    n[10] = (checkpoint_number){"best_hours", &t->best_hours};
    for (int k = 0; k < SCORE_COUNT; k++)
        n[11 + k] = (checkpoint_number){score_names[k], &t->figures[SCORE_MODEL].mean[k]};
    x[0] = (checkpoint_text){"settings", t->essence};
    x[1] = (checkpoint_text){"graph", t->graph_hash};
    x[2] = (checkpoint_text){"data", t->data_hash};
    return (checkpoint){v, N_VECTORS, n, N_NUMBERS, x, N_TEXTS};
}

static sordino_status save(train *t, sordino_error *why)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    const checkpoint c = describe(t, v, n, x);
    /* In memory too: to go back to when the loss is not finite. */
    float *at = t->saved;
    if (!at) {
        size_t sum = 0;
        for (size_t i = 0; i < N_VECTORS; i++)
            sum += v[i].n;
        at = t->saved = calloc(sum + 1, sizeof *at);
        if (!at)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for the checkpoint");
    }
    for (size_t i = 0; i < N_VECTORS; at += v[i++].n)
        memcpy(at, v[i].values, v[i].n * sizeof *at);
    for (size_t i = 0; i < N_NUMBERS; i++)
        t->saved_numbers[i] = *n[i].value;
    return t->settings->checkpoint ? checkpoint_write(t->settings->checkpoint, &c, why)
                                   : SORDINO_OK;
}

/* Back to what was saved last. */
static void restore(train *t)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    (void)describe(t, v, n, x);
    const float *at = t->saved;
    for (size_t i = 0; i < N_VECTORS; at += v[i++].n)
        memcpy(v[i].values, at, v[i].n * sizeof *at);
    for (size_t i = 0; i < N_NUMBERS; i++)
        *n[i].value = t->saved_numbers[i];
}

sordino_status train_resume(train *t, sordino_error *why)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    const checkpoint c = describe(t, v, n, x);
    return checkpoint_read(t->settings->checkpoint, &c, why);
}

/* ---- scoring ---- */

/* The weights that are scored and shipped: averages, and batch norm's statistics as they are. */
static void averaged_values(const train *t, float *to)
{
    const size_t size = net_size(t->net);
    memcpy(to, net_values(t->net), t->all * sizeof *to);
    memcpy(to, adam_where(t->adam)->average, size * sizeof *to);
}

sordino_status train_model_of(const train *t, const float *values, const metadata_entry *metadata,
                              size_t n_metadata, void **bytes, size_t *size, sordino_error *why)
{
    tensor_set *set = NULL;
    *bytes = NULL;
    sordino_status status = net_tensors(t->net, values, &set, why);
    if (status == SORDINO_OK)
        status = model_serialise(&t->front, t->graph, set, metadata, n_metadata, bytes, size, why);
    tensor_set_free(set);
    return status;
}

static sordino_status score_values(train *t, const float *values, scores *out, sordino_error *why)
{
    void *bytes = NULL;
    size_t size = 0;
    sordino_model *m = NULL;
    sordino_status status = train_model_of(t, values, NULL, 0, &bytes, &size, why);
    if (status == SORDINO_OK)
        status = sordino_model_open_bytes(bytes, size, &m, why);
    if (status == SORDINO_OK)
        status = scoring_run(t->scoring, SCORE_MODEL, m, out, why);
    sordino_model_free(m);
    free(bytes);
    return status;
}

sordino_status train_baselines(train *t, sordino_error *why)
{
    for (int i = 0; i < SCORE_MODEL; i++) {
        const sordino_status status =
            scoring_run(t->scoring, (score_subject)i, NULL, &t->figures[i], why);
        if (status != SORDINO_OK)
            return status;
    }
    return SORDINO_OK;
}

/* Scores the averaged weights; keeps them when they are the best so far; saves. */
static sordino_status score_and_save(train *t, train_watcher watcher, void *self,
                                     sordino_error *why)
{
    float *values = malloc((t->all + 1) * sizeof *values);
    scores found;
    if (!values)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for scoring");
    averaged_values(t, values);
    sordino_status status = score_values(t, values, &found, why);
    if (status == SORDINO_OK) {
        train_status where = train_where(t);
        const double merit = scores_merit(&found);
        where.model = &found;
        where.best = merit > t->best_merit;
        if (where.best) {
            t->best_merit = merit;
            t->best_hours = t->hours;
            t->figures[SCORE_MODEL] = found;
            memcpy(t->best_values, values, t->all * sizeof *values);
        }
        status = save(t, why);
        if (watcher)
            watcher(self, &where);
    }
    free(values);
    return status;
}

/* ---- descent ---- */

train_status train_where(const train *t)
{
    double progress = 0;
    if (t->settings->hours > 0)
        progress = t->hours / t->settings->hours;
    if (t->minutes > 0 && t->elapsed / 60 / t->minutes > progress)
        progress = t->elapsed / 60 / t->minutes;
    if (t->settings->steps > 0)
        progress = fmax(progress, t->step / t->settings->steps);
    return (train_status){
        .step = (uint64_t)t->step,
        .loss = t->loss,
        .norm = t->norm,
        .hours = t->hours,
        .elapsed = t->elapsed,
        .speed = t->speed,
        .progress = progress < 1 ? progress : 1,
        .rate = t->rate,
    };
}

/* One step; false in `*finite` when its loss or gradient was not. */
static sordino_status descend(train *t, bool *finite, sordino_error *why)
{
    step_result result;
    float *gradient, *statistics;
    const sordino_status status = stepper_gradient(t->stepper, (uint64_t)(t->step + t->skipped),
                                                   &result, &gradient, &statistics, why);
    if (status != SORDINO_OK)
        return status;
    const settings *const s = t->settings;
    const adam_schedule schedule = {
        .rate = s->learning_rate * t->rate_scale, .warm_up = s->warm_up, .cool_down = s->cool_down};
    t->rate = adam_rate(&schedule, t->step, train_where(t).progress);
    *finite = isfinite(result.loss) &&
              adam_update(t->adam, net_values(t->net), gradient, t->rate, &t->norm);
    if (!*finite)
        return SORDINO_OK;
    float *const running = net_values(t->net) + net_size(t->net);
    for (size_t k = 0; k < net_statistics(t->net); k++)
        running[k] += (float)statistics_rate * (statistics[k] - running[k]);
    t->loss = t->step == 0 ? result.loss : t->loss + loss_memory * (result.loss - t->loss);
    t->step += 1;
    t->hours += result.seconds / 3600;
    return SORDINO_OK;
}

/* After a step that was not finite. False when enough was tried. */
static bool recover(train *t, train_watcher watcher, void *self)
{
    const double skipped = t->step + t->skipped + 1, tries = t->recoveries + 1;
    const double scale = t->rate_scale / 2, elapsed = t->elapsed;
    if (tries > MAX_RECOVERIES)
        return false;
    restore(t);
    t->skipped = skipped - t->step; /* other examples than those that led here */
    t->recoveries = tries;
    t->rate_scale = scale;
    t->elapsed = elapsed;
    if (watcher) {
        train_status where = train_where(t);
        where.event = "The loss was not finite; went back to the last good checkpoint, with half "
                      "the learning rate";
        watcher(self, &where);
    }
    return true;
}

static double score_interval(const train *t)
{
    if (t->settings->validate_every > 0)
        return t->settings->validate_every;
    if (t->settings->hours > 0)
        return t->settings->hours / SCORINGS;
    if (t->settings->steps > 0)
        return t->hours / fmax(1, t->step) * t->settings->steps / SCORINGS;
    return t->minutes / 60 * (t->speed > 0 ? t->speed : 100) / SCORINGS;
}

sordino_status train_run(train *t, const volatile int *stop, train_watcher watcher, void *self,
                         sordino_error *why)
{
    sordino_status status =
        save(t, why); /* there is something to go back to from the first step on */
    double last = now();
    bool scored = false;
    while (status == SORDINO_OK && !(stop && *stop) && train_where(t).progress < 1) {
        bool finite = true;
        const double before = t->hours;
        status = descend(t, &finite, why);
        const double at = now(), took = at - last;
        last = at;
        t->elapsed += took;
        if (status != SORDINO_OK)
            break;
        if (!finite) {
            if (!recover(t, watcher, self))
                status = error_set(why, SORDINO_BAD_ARG,
                                   "The loss was not finite %d times over; lower --learning-rate",
                                   (int)MAX_RECOVERIES);
            continue;
        }
        const double speed = (t->hours - before) * 3600 / (took > 1e-9 ? took : 1e-9);
        t->speed = t->speed > 0 ? t->speed + 0.05 * (speed - t->speed) : speed;
        scored = false;
        if (watcher) {
            const train_status where = train_where(t);
            watcher(self, &where);
        }
        if (t->next_score <= 0)
            t->next_score = t->hours + score_interval(t);
        if (t->hours >= t->next_score) {
            t->next_score = t->hours + score_interval(t);
            status = score_and_save(t, watcher, self, why);
            scored = true;
            const double done = now();
            t->elapsed += done - last;
            last = done;
        }
    }
    if (status == SORDINO_OK && !scored) /* interrupted: no more than is needed to go on */
        status = stop && *stop ? save(t, why) : score_and_save(t, watcher, self, why);
    return status;
}

/* ---- what came of it ---- */

const scores *train_baseline(const train *t, score_subject subject)
{
    return &t->figures[subject];
}

const scores *train_best(const train *t)
{
    return &t->figures[SCORE_MODEL];
}

bool train_wins(const train *t, score_subject *baseline)
{
    *baseline = SCORE_WIENER;
    if (t->settings->mix.sensor)
        *baseline =
            t->figures[SCORE_KALMAN].mean[SCORE_SNR] > t->figures[SCORE_FIR_WIENER].mean[SCORE_SNR]
                ? SCORE_KALMAN
                : SCORE_FIR_WIENER;
    return scores_beat(&t->figures[SCORE_MODEL], &t->figures[*baseline]);
}

const sources *train_sources(const train *t)
{
    return t->sources;
}

uint32_t train_scored_items(const train *t)
{
    return scoring_count(t->scoring);
}

size_t train_weights(const train *t)
{
    return net_size(t->net);
}
