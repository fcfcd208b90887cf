#include "trainer/run/step.h"

#include "core/base/error.h"
#include "core/base/fpenv.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What a thread needs to work on a lane. */
typedef struct hand {
    mix_work *work;
    net_pass *pass;
    train_front **fronts; /* [windows] of a pass */
} hand;

/* What a lane found. */
typedef struct lane {
    float *gradient, *statistics;
    double loss, seconds;
    sordino_error why;
    sordino_status status;
} lane;

struct stepper {
    net *net;
    const front_spec *front;
    mixer *mixer;
    workers *workers;
    step_spec spec;
    uint32_t rank, ranks; /* of machines */
    uint32_t windows;     /* of a pass: the lane's examples with batch statistics, else 1 */
    size_t input_row, output_row;
    hand *hands;       /* [threads] */
    lane *lanes;       /* [lanes]; those of other machines have no memory */
    float **gradients; /* [lanes]: theirs, for machines_sum */
    double *found;     /* [2][lanes]: losses, seconds */
    uint64_t number;
    atomic_bool refreshed;
};

void stepper_free(stepper *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->hands && i < workers_count(s->workers); i++) {
        mix_work_free(s->hands[i].work);
        net_pass_free(s->hands[i].pass);
        for (uint32_t k = 0; s->hands[i].fronts && k < s->windows; k++)
            train_front_free(s->hands[i].fronts[k]);
        free(s->hands[i].fronts);
    }
    for (uint32_t i = 0; s->lanes && i < s->spec.lanes; i++)
        free(s->lanes[i].gradient);
    free(s->hands);
    free(s->lanes);
    free(s->gradients);
    free(s->found);
    free(s);
}

static uint32_t lane_size(const step_spec *spec, uint32_t number)
{
    return spec->batch / spec->lanes + (number < spec->batch % spec->lanes);
}

static sordino_status hand_new(stepper *s, hand *h, const cost_spec *cost, size_t max_samples,
                               size_t max_frames, sordino_error *why)
{
    sordino_status status = mix_work_new(s->mixer, &h->work, why);
    if (status == SORDINO_OK)
        status = net_pass_new(s->net, s->windows, max_frames, &h->pass, why);
    h->fronts = calloc(s->windows, sizeof *h->fronts);
    if (status == SORDINO_OK && !h->fronts)
        status = error_set(why, SORDINO_NO_MEM, "Out of memory for training");
    for (uint32_t k = 0; status == SORDINO_OK && k < s->windows; k++)
        status = train_front_new(s->front, cost, max_samples, &h->fronts[k], why);
    return status;
}

static sordino_status stepper_build(stepper *s, const cost_spec *cost, const mix_spec *mix,
                                    sordino_error *why)
{
    size_t max_samples = 1, max_frames = 1;
    for (uint32_t i = 0; i < mix->n_rates; i++) {
        const size_t n = mix_samples(mix, mix->rates[i]);
        const size_t frames = train_front_frames(s->front, mix->rates[i], n);
        if (frames == 0)
            return error_set(why, SORDINO_BAD_ARG,
                             "Examples of %zu samples at %g Hz are shorter than one frame", n,
                             mix->rates[i]);
        max_samples = max_samples < n ? n : max_samples;
        max_frames = max_frames < frames ? frames : max_frames;
    }
    s->hands = calloc(workers_count(s->workers), sizeof *s->hands);
    s->lanes = calloc(s->spec.lanes, sizeof *s->lanes);
    s->gradients = calloc(s->spec.lanes, sizeof *s->gradients);
    s->found = calloc(2 * (size_t)s->spec.lanes + 1, sizeof *s->found);
    if (!s->hands || !s->lanes || !s->gradients || !s->found)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for training");
    const size_t size = net_size(s->net), all = size + net_statistics(s->net);
    for (uint32_t i = s->rank; i < s->spec.lanes; i += s->ranks) {
        s->lanes[i].gradient = calloc(all + 1, sizeof(float));
        if (!s->lanes[i].gradient)
            return error_set(why, SORDINO_NO_MEM, "Out of memory for gradients");
        s->lanes[i].statistics = s->lanes[i].gradient + size;
        s->gradients[i] = s->lanes[i].gradient;
    }
    for (uint32_t i = 0; i < workers_count(s->workers); i++) {
        const sordino_status status = hand_new(s, &s->hands[i], cost, max_samples, max_frames, why);
        if (status != SORDINO_OK)
            return status;
    }
    return machines_reserve(s->spec.machines, s->spec.lanes, all, why);
}

sordino_status stepper_new(net *n, const front_spec *front, const cost_spec *cost, mixer *m,
                           workers *w, const step_spec *spec, stepper **out, sordino_error *why)
{
    *out = NULL;
    const uint32_t ranks = machines_count(spec->machines);
    if (spec->batch < 1 || spec->lanes < 1 || spec->lanes > spec->batch)
        return error_set(why, SORDINO_BAD_ARG, "A batch of %u examples in %u lanes does not fit",
                         (unsigned)spec->batch, (unsigned)spec->lanes);
    if (ranks > spec->lanes)
        return error_set(why, SORDINO_BAD_ARG,
                         "%u machines cannot share %u lanes; give more --lanes, and a --batch of "
                         "as many or more",
                         (unsigned)ranks, (unsigned)spec->lanes);
    if (net_statistics(n) > 0 && spec->batch % spec->lanes != 0)
        return error_set(why, SORDINO_BAD_ARG,
                         "With batch norm the batch of %u must be a multiple of the %u lanes",
                         (unsigned)spec->batch, (unsigned)spec->lanes);
    stepper *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(why, SORDINO_NO_MEM, "Out of memory for training");
    const graph *const g = net_graph(n);
    *s = (stepper){
        .net = n,
        .front = front,
        .mixer = m,
        .workers = w,
        .spec = *spec,
        .rank = machines_rank(spec->machines),
        .ranks = ranks,
        .windows = net_statistics(n) > 0 ? spec->batch / spec->lanes : 1,
        .input_row = kernels_pad(graph_at(g, 0)->width),
        .output_row = kernels_pad(graph_output(g)->width),
    };
    const sordino_status status = stepper_build(s, cost, mixer_spec(m), why);
    if (status != SORDINO_OK) {
        stepper_free(s);
        return status;
    }
    *out = s;
    return SORDINO_OK;
}

/* Examples `first` ... into the windows of a pass; forward, losses, backward. */
static sordino_status run_pass(stepper *s, hand *h, lane *l, uint64_t first)
{
    size_t frames = 0;
    for (uint32_t k = 0; k < s->windows; k++) {
        const mix_example *const e = mixer_make(s->mixer, h->work, first + k);
        if (!e)
            return mixer_failure(s->mixer, &l->why);
        const size_t n = train_front_frames(s->front, e->rate, e->n);
        if (k > 0 && n != frames) /* windows of one pass are equally long */
            return error_set(&l->why, SORDINO_BAD_ARG,
                             "Examples of one batch must have as many frames at every rate");
        frames = n;
        const sordino_status status =
            train_front_load(h->fronts[k], e, net_pass_input(h->pass, k), s->input_row, &l->why);
        if (status != SORDINO_OK)
            return status;
        l->seconds += (double)e->n / e->rate;
    }
    net_pass_begin(h->pass, frames);
    net_pass_forward(h->pass);
    if (net_statistics(s->net) > 0)
        net_pass_add_statistics(h->pass, l->statistics);
    for (uint32_t k = 0; k < s->windows; k++)
        l->loss += train_front_loss(h->fronts[k], net_pass_output(h->pass, k), s->output_row,
                                    1.0f / (float)s->spec.batch, net_pass_d_output(h->pass, k));
    net_pass_backward(h->pass, l->gradient);
    return SORDINO_OK;
}

static void run_lane(void *self, uint32_t thread, size_t job)
{
    stepper *const s = self;
    const uint32_t number = s->rank + (uint32_t)job * s->ranks;
    lane *const l = &s->lanes[number];
    const fpenv_saved saved = fpenv_enter();
    memset(l->gradient, 0, (net_size(s->net) + net_statistics(s->net)) * sizeof *l->gradient);
    l->loss = l->seconds = 0;
    l->status = SORDINO_OK;
    uint64_t first = s->number * s->spec.batch;
    for (uint32_t i = 0; i < number; i++)
        first += lane_size(&s->spec, i);
    const uint32_t size = lane_size(&s->spec, number);
    for (uint32_t k = 0; l->status == SORDINO_OK && k < size; k += s->windows)
        l->status = run_pass(s, &s->hands[thread], l, first + k);
    fpenv_leave(saved);
}

static void refresh(void *self, uint32_t thread, size_t job)
{
    stepper *const s = self;
    (void)thread;
    if (!mixer_refresh(s->mixer, s->number, job))
        s->refreshed = false; /* any thread may say so */
}

/* The own lanes' share of a step. */
static sordino_status run_lanes(stepper *s, sordino_error *why)
{
    s->refreshed = true;
    workers_run(s->workers, refresh, s, mixer_refresh_jobs(s->mixer, s->number));
    if (!s->refreshed)
        return mixer_failure(s->mixer, why);
    net_pack(s->net);
    workers_run(s->workers, run_lane, s, (s->spec.lanes - s->rank + s->ranks - 1) / s->ranks);
    for (uint32_t i = s->rank; i < s->spec.lanes; i += s->ranks) {
        if (s->lanes[i].status != SORDINO_OK) {
            if (why)
                *why = s->lanes[i].why;
            return s->lanes[i].status;
        }
    }
    return SORDINO_OK;
}

/* All lanes' gradients and statistics in order, into the first of the own. */
static void add_lanes(stepper *s)
{
    const size_t all = net_size(s->net) + net_statistics(s->net);
    float *const sum = s->gradients[s->rank];
    if (s->spec.machines) {
        machines_sum(s->spec.machines, s->gradients, sum);
        return;
    }
    for (uint32_t i = 1; i < s->spec.lanes; i++)
        for (size_t k = 0; k < all; k++)
            sum[k] += s->gradients[i][k];
}

sordino_status stepper_gradient(stepper *s, uint64_t number, step_result *result, float **gradient,
                                float **statistics, sordino_error *why)
{
    const uint32_t lanes = s->spec.lanes;
    s->number = number;
    const sordino_status status = run_lanes(s, why);
    for (uint32_t i = 0; i < lanes; i++) {
        const bool own = i % s->ranks == s->rank;
        s->found[i] = own ? s->lanes[i].loss : 0;
        s->found[lanes + i] = own ? s->lanes[i].seconds : 0;
    }
    s->found[2 * (size_t)lanes] = status != SORDINO_OK;
    machines_all_reduce(s->spec.machines, s->found, 2 * (size_t)lanes + 1);
    if (s->found[2 * (size_t)lanes] > 0)
        return machines_agree(s->spec.machines, status, why);
    add_lanes(s);
    *gradient = s->gradients[s->rank];
    *statistics = *gradient + net_size(s->net);
    for (size_t k = 0; k < net_statistics(s->net); k++)
        (*statistics)[k] /= (float)lanes;
    *result = (step_result){0};
    for (uint32_t i = 0; i < lanes; i++) {
        result->loss += s->found[i];
        result->seconds += s->found[lanes + i];
    }
    result->loss /= s->spec.batch;
    return SORDINO_OK;
}
