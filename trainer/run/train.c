#include "trainer/run/train.h"

#include "core/base/error.h"
#include "trainer/adam.h"
#include "trainer/run/checkpoint.h"
#include "trainer/run/design.h"
#include "trainer/run/step.h"
#include "trainer/run/train_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_RECOVERIES = 6, SCORINGS = 10, NET_STREAM = 3 };
static const double loss_memory = 0.02;    /* of the smoothed loss, a step */
static const double statistics_rate = 0.1; /* of batch norm's running averages, as in PyTorch */
static const double default_minutes = 30;

double train_clock(void)
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
    muon_free(t->muon);
    workers_free(t->workers);
    sources_free(t->sources);
    adam_free(t->adam);
    net_free(t->net);
    graph_free(t->graph);
    free(t->best_values);
    free(t->start_values);
    free(t->saved.values);
    free(t->fingerprint);
    free(t->options);
    free(t);
}

/* The matrices that go by Muon: those of inner layers. */
static sordino_status new_muon(train *t, sordino_error *why)
{
    const size_t n = net_param_count(t->net);
    if (!t->settings->muon)
        return SORDINO_OK;
    muon_matrix *list = calloc(n + 1, sizeof *list);
    if (!list)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the optimiser");
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const net_param p = net_param_at(t->net, i);
        if (p.inner)
            list[found++] = (muon_matrix){p.offset, p.shape.dims[0], p.size / p.shape.dims[0]};
    }
    const sordino_status status =
        muon_new(list, found, net_table(t->net), t->workers, &t->muon, why);
    free(list);
    return status;
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
    sordino_status status = new_muon(t, why);
    const adam_spec spec = {
        .matrices = t->muon,
        .decay = t->settings->decay,
        .clip = t->settings->clip,
        .ema = t->settings->ema,
    };
    if (status == SORDINO_OK)
        status = adam_new(&spec, n, decays, &t->adam, why);
    free(decays);
    return status;
}

/* A model that is part of the library, or a file. */
static sordino_status open_model(const char *name, sordino_model **out, sordino_error *why)
{
    const sordino_status status = sordino_model_open_builtin(name, out, NULL);
    return status == SORDINO_OK ? status : sordino_model_open_path(name, out, why);
}

/* Takes weights, graph and front end from a model file; the graph is built anew when its dilations
 * or blocks are given, with more blocks perhaps. */
static sordino_status start_from(train *t, sordino_error *why)
{
    sordino_model *m = NULL;
    sordino_status status = open_model(settings_start(t->settings), &m, why);
    if (status == SORDINO_OK)
        status = design_agrees(t->settings, m, why);
    if (status != SORDINO_OK) {
        sordino_model_free(m);
        return status;
    }
    const bool anew = t->settings->dilations || t->settings->blocks > 0;
    if (anew) {
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
        status = anew ? net_grow(t->net, m->tensors, &r, why) : net_load(t->net, m->tensors, why);
    }
    snprintf(t->from_hash, sizeof t->from_hash, "%s", m->hash);
    sordino_model_free(m);
    return status;
}

static sordino_status new_network(train *t, sordino_error *why)
{
    sordino_status status;
    if (settings_start(t->settings)) {
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
    if (settings_start(t->settings)) {
        t->start_values = calloc(t->all + 1, sizeof *t->start_values);
        if (!t->start_values)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for weights");
        memcpy(t->start_values, net_values(t->net), t->all * sizeof *t->start_values);
    }
    return new_adam(t, why);
}

/* Text that says what a run is, for checkpoints and to compare machines by. */
static sordino_status describe_run(train *t, sordino_error *why)
{
    t->fingerprint = settings_text(t->settings, true);
    t->options = settings_text(t->settings, false);
    snprintf(t->graph_hash, sizeof t->graph_hash, "%016" PRIx64, graph_hash(t->graph));
    snprintf(t->data_hash, sizeof t->data_hash, "%016" PRIx64, sources_hash(t->sources));
    return t->fingerprint && t->options
               ? SORDINO_OK
               : error_set(why, SORDINO_NO_MEM, "Out of memory for settings");
}

/* One run on all machines. */
static sordino_status same_everywhere(train *t, sordino_error *why)
{
    const settings *const s = t->settings;
    char length[128];
    snprintf(length, sizeof length, "%.17g %.17g %.17g", s->minutes, s->hours, s->steps);
    sordino_status status = machines_same(t->machines, t->fingerprint, "The settings", why);
    if (status == SORDINO_OK)
        status = machines_same(t->machines, length, "--minutes, --hours or --steps", why);
    if (status == SORDINO_OK)
        status = machines_same(t->machines, t->data_hash, "The recordings", why);
    if (status == SORDINO_OK)
        status = machines_same(t->machines, t->graph_hash, "The networks", why);
    if (status == SORDINO_OK)
        status = machines_same(t->machines, t->from_hash, "The models to start from", why);
    return status;
}

static sordino_status build(train *t, FILE *notes, sordino_error *why)
{
    const settings *const s = t->settings;
    sordino_status status = sources_open(s, notes, &t->sources, why);
    if (status == SORDINO_OK)
        status = mixer_new(&s->mix, t->sources->clean, t->sources->n_clean, t->sources->noise,
                           t->sources->n_noise, s->seed, &t->mixer, why);
    if (status != SORDINO_OK)
        return status;
    t->workers = workers_new(s->threads);
    if (!t->workers)
        return error_set(why, SORDINO_NO_MEM, "%u threads cannot be had", (unsigned)s->threads);
    status = new_network(t, why);
    if (status != SORDINO_OK)
        return status;
    const cost_spec cost = design_cost(s);
    const step_spec step = {.batch = s->batch,
                            .lanes = s->lanes < s->batch ? s->lanes : s->batch,
                            .machines = t->machines};
    status = stepper_new(t->net, &t->front, &cost, t->mixer, t->workers, &step, &t->stepper, why);
    if (status == SORDINO_OK && machines_rank(t->machines) == 0)
        status = scoring_new(s, t->sources, t->workers, &t->scoring, why);
    return status == SORDINO_OK ? describe_run(t, why) : status;
}

static train *train_blank(const settings *s, machines *m)
{
    train *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->settings = s;
    t->machines = m;
    t->minutes = s->minutes > 0 || s->hours > 0 || s->steps > 0 ? s->minutes : default_minutes;
    t->best_merit = -INFINITY;
    t->rate_scale = 1;
    for (int i = 0; i < SCORE_SUBJECTS; i++)
        for (int k = 0; k < SCORE_COUNT; k++)
            t->figures[i].mean[k] = NAN;
    return t;
}

sordino_status train_new(const settings *s, machines *m, FILE *notes, train **out,
                         sordino_error *why)
{
    *out = NULL;
    train *const t = train_blank(s, m);
    sordino_status status =
        t ? build(t, notes, why) : error_set(why, SORDINO_NO_MEM, "Out of memory for the run");
    status = machines_agree(m, status, why);
    if (t && status == SORDINO_OK)
        status = same_everywhere(t, why);
    if (status != SORDINO_OK) {
        train_free(t);
        return status;
    }
    *out = t;
    return SORDINO_OK;
}

/* ---- saving ---- */

enum { N_VECTORS = 5, N_NUMBERS = 12 + SCORE_COUNT, N_TEXTS = 4 };

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
    n[0] = (checkpoint_number){"step", &t->step, false};
    n[1] = (checkpoint_number){"updates", &a->updates, false};
    n[2] = (checkpoint_number){"loss", &t->loss, false};
    n[3] = (checkpoint_number){"hours", &t->hours, false};
    n[4] = (checkpoint_number){"elapsed", &t->elapsed, false};
    n[5] = (checkpoint_number){"best_merit", &t->best_merit, false};
    n[6] = (checkpoint_number){"next_score", &t->next_score, false};
    n[7] = (checkpoint_number){"rate_scale", &t->rate_scale, false};
    n[8] = (checkpoint_number){"skipped", &t->skipped, false};
    n[9] = (checkpoint_number){"recoveries", &t->recoveries, false};
    n[10] = (checkpoint_number){"best_hours", &t->best_hours, false};
    for (int k = 0; k < SCORE_COUNT; k++)
        n[11 + k] = (checkpoint_number){score_names[k], &t->figures[SCORE_MODEL].mean[k], false};
    n[11 + SCORE_COUNT] = (checkpoint_number){"found_rate", &t->found_rate, true};
    x[0] = (checkpoint_text){"settings", t->fingerprint, false};
    x[1] = (checkpoint_text){"graph", t->graph_hash, false};
    x[2] = (checkpoint_text){"data", t->data_hash, false};
    x[3] = (checkpoint_text){"options", t->options, true};
    return (checkpoint){v, N_VECTORS, n, N_NUMBERS, x, N_TEXTS};
}

bool train_keep(train *t, snapshot *to)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    size_t sum = 0;
    _Static_assert(N_NUMBERS <= sizeof to->numbers / sizeof *to->numbers, "room for all");
    (void)describe(t, v, n, x);
    for (size_t i = 0; i < N_VECTORS; i++)
        sum += v[i].n;
    if (!to->values)
        to->values = calloc(sum + 1, sizeof *to->values);
    if (!to->values)
        return false;
    float *at = to->values;
    for (size_t i = 0; i < N_VECTORS; at += v[i++].n)
        memcpy(at, v[i].values, v[i].n * sizeof *at);
    for (size_t i = 0; i < N_NUMBERS; i++)
        to->numbers[i] = *n[i].value;
    return true;
}

void train_bring_back(train *t, const snapshot *from)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    const double elapsed = t->elapsed; /* time does not go back */
    (void)describe(t, v, n, x);
    const float *at = from->values;
    for (size_t i = 0; i < N_VECTORS; at += v[i++].n)
        memcpy(v[i].values, at, v[i].n * sizeof *at);
    for (size_t i = 0; i < N_NUMBERS; i++)
        *n[i].value = from->numbers[i];
    t->elapsed = elapsed;
}

/* To memory, to go back to when the loss is not finite, and, on machine 0, to the checkpoint's
 * file. */
static sordino_status save_here(train *t, sordino_error *why)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    const checkpoint c = describe(t, v, n, x);
    if (!train_keep(t, &t->saved))
        return error_set(why, SORDINO_NO_MEM, "Out of memory for the checkpoint");
    return t->settings->checkpoint && machines_rank(t->machines) == 0
               ? checkpoint_write(t->settings->checkpoint, &c, why)
               : SORDINO_OK;
}

static sordino_status save(train *t, sordino_error *why)
{
    return machines_agree(t->machines, save_here(t, why), why);
}

sordino_status train_resume(train *t, sordino_error *why)
{
    checkpoint_vector v[N_VECTORS];
    checkpoint_number n[N_NUMBERS];
    checkpoint_text x[N_TEXTS];
    const checkpoint c = describe(t, v, n, x);
    sordino_status status = SORDINO_OK;
    if (machines_rank(t->machines) == 0)
        status = checkpoint_read(t->settings->checkpoint, &c, why);
    status = machines_agree(t->machines, status, why);
    for (size_t i = 0; status == SORDINO_OK && i < N_VECTORS; i++)
        machines_broadcast(t->machines, v[i].values, v[i].n * sizeof *v[i].values);
    for (size_t i = 0; status == SORDINO_OK && i < N_NUMBERS; i++)
        machines_broadcast(t->machines, n[i].value, sizeof *n[i].value);
    return status;
}

/* ---- scoring ---- */

void train_average(const train *t, float *to)
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

static sordino_status score_here(train *t, score_subject subject, const float *values, scores *out,
                                 sordino_error *why)
{
    void *bytes = NULL;
    size_t size = 0;
    sordino_model *m = NULL;
    sordino_status status = train_model_of(t, values, NULL, 0, &bytes, &size, why);
    if (status == SORDINO_OK)
        status = sordino_model_open_bytes(bytes, size, &m, why);
    if (status == SORDINO_OK)
        status = scoring_run(t->scoring, subject, m, out, why);
    sordino_model_free(m);
    free(bytes);
    return status;
}

/* On machine 0; the others hear of it. */
static sordino_status score_values(train *t, score_subject subject, const float *values,
                                   scores *out, sordino_error *why)
{
    sordino_status status = SORDINO_OK;
    if (t->scoring)
        status = score_here(t, subject, values, out, why);
    status = machines_agree(t->machines, status, why);
    machines_broadcast(t->machines, out, sizeof *out);
    return status;
}

sordino_status train_baselines(train *t, sordino_error *why)
{
    sordino_status status = SORDINO_OK;
    for (int i = 0; t->scoring && status == SORDINO_OK && i < SCORE_MODEL; i++)
        status = scoring_run(t->scoring, (score_subject)i, NULL, &t->figures[i], why);
    status = machines_agree(t->machines, status, why);
    if (status != SORDINO_OK || !t->start_values)
        return status;
    /* The start model is the first of those that the best is chosen from. */
    scores found = {0};
    status = score_values(t, SCORE_START, t->start_values, &found, why);
    if (status != SORDINO_OK)
        return status;
    t->figures[SCORE_START] = found;
    if (scores_merit(&found) > t->best_merit) {
        t->best_merit = scores_merit(&found);
        t->best_hours = 0;
        t->figures[SCORE_MODEL] = found;
        memcpy(t->best_values, t->start_values, t->all * sizeof *t->best_values);
    }
    return SORDINO_OK;
}

sordino_status train_score_now(train *t, float *values, scores *out, sordino_error *why)
{
    train_average(t, values);
    return score_values(t, SCORE_MODEL, values, out, why);
}

sordino_status train_note_scores(train *t, const float *values, const scores *found,
                                 train_watcher watcher, void *self, sordino_error *why)
{
    train_status where = train_where(t);
    const double merit = scores_merit(found);
    where.model = found;
    where.best = merit > t->best_merit;
    if (where.best) {
        t->best_merit = merit;
        t->best_hours = t->hours;
        t->figures[SCORE_MODEL] = *found;
        memcpy(t->best_values, values, t->all * sizeof *t->best_values);
    }
    const sordino_status status = save(t, why);
    if (watcher)
        watcher(self, &where);
    return status;
}

/* Scores the averaged weights; keeps them when they are the best so far; saves. */
static sordino_status score_and_save(train *t, train_watcher watcher, void *self,
                                     sordino_error *why)
{
    float *values = malloc((t->all + 1) * sizeof *values);
    scores found = {0};
    sordino_status status = SORDINO_OK;
    if (!values)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for scoring");
    status = machines_agree(t->machines, status, why);
    if (values && status == SORDINO_OK)
        status = train_score_now(t, values, &found, why);
    if (values && status == SORDINO_OK)
        status = train_note_scores(t, values, &found, watcher, self, why);
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
        .trying = t->trying,
    };
}

sordino_status train_descend(train *t, bool *finite, sordino_error *why)
{
    step_result result;
    float *gradient, *statistics;
    const sordino_status status = stepper_gradient(t->stepper, (uint64_t)(t->step + t->skipped),
                                                   &result, &gradient, &statistics, why);
    if (status != SORDINO_OK)
        return status;
    const settings *const s = t->settings;
    const adam_schedule schedule = {.rate = (t->found_rate > 0 ? t->found_rate : s->learning_rate) *
                                            t->rate_scale,
                                    .warm_up = s->warm_up,
                                    .cool_down = t->trying ? 0 : s->cool_down};
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
    const double scale = t->rate_scale / 2;
    if (tries > MAX_RECOVERIES)
        return false;
    train_bring_back(t, &t->saved);
    t->skipped = skipped - t->step; /* other examples than those that led here */
    t->recoveries = tries;
    t->rate_scale = scale;
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

/* Machine 0's clock is everyone's: how far a run in minutes is must
 * be the same. */
bool train_heed(train *t, bool stop)
{
    const bool first = machines_rank(t->machines) == 0;
    double told[] = {stop, first ? t->elapsed : 0, first ? t->speed : 0};
    machines_all_reduce(t->machines, told, sizeof told / sizeof *told);
    t->elapsed = told[1];
    t->speed = told[2];
    return told[0] > 0;
}

/* Speed is a matter of machine 0's clock too. */
static void plan_scoring(train *t)
{
    t->next_score = t->hours + score_interval(t);
    machines_broadcast(t->machines, &t->next_score, sizeof t->next_score);
}

sordino_status train_run(train *t, const volatile int *stop, train_watcher watcher, void *self,
                         sordino_error *why)
{
    sordino_status status =
        save(t, why); /* there is something to go back to from the first step on */
    bool scored = false, stopped = false;
    if (status == SORDINO_OK && t->settings->find_rate && !(t->found_rate > 0))
        status = train_find_rate(t, stop, watcher, self, &stopped, why);
    double last = train_clock();
    while (status == SORDINO_OK && !stopped) {
        stopped = train_heed(t, stop && *stop);
        if (stopped || train_where(t).progress >= 1)
            break;
        bool finite = true;
        const double before = t->hours;
        status = train_descend(t, &finite, why);
        const double at = train_clock(), took = at - last;
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
            plan_scoring(t);
        if (t->hours >= t->next_score) {
            plan_scoring(t);
            status = score_and_save(t, watcher, self, why);
            scored = true;
            const double done = train_clock();
            t->elapsed += done - last;
            last = done;
        }
    }
    if (status == SORDINO_OK && !scored) /* interrupted: no more than is needed to go on */
        status = stopped ? save(t, why) : score_and_save(t, watcher, self, why);
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

double train_best_hours(const train *t)
{
    return t->best_hours;
}

/* Machine 0 has the mixtures. */
sordino_status train_judge(train *t, judgement *out, sordino_error *why)
{
    static const score_subject sound[] = {SCORE_NOISY, SCORE_WIENER, SCORE_START};
    static const score_subject sensor[] = {SCORE_NOISY, SCORE_KALMAN, SCORE_FIR_WIENER,
                                           SCORE_START};
    const bool is_sensor = t->settings->mix.sensor;
    *out = (judgement){.wins = true};
    const sordino_status status =
        score_here(t, SCORE_MODEL, t->best_values, &t->figures[SCORE_MODEL], why);
    for (size_t i = 0; status == SORDINO_OK && out->wins && i < (is_sensor ? 4 : 3); i++) {
        const score_subject rival = is_sensor ? sensor[i] : sound[i];
        const score_difference d = scoring_compare(t->scoring, rival);
        if (rival == SCORE_START && !t->start_values)
            continue;
        *out = (judgement){.rival = rival};
        out->wins = !scores_lose(&d, rival == SCORE_NOISY, &out->kind);
    }
    return status;
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
