/* Running a plan: all steps over a few frames, then over the next few. */
#include "core/plan/plan.h"

#include "core/base/error.h"
#include "core/plan/layout.h"

#include <stdlib.h>
#include <string.h>

/* Hands out every array; called twice: counting, then for good. */
static void lay_out(plan_state *s, arena *a)
{
    const plan *const p = s->plan;
    s->current = arena_take(a, p->n_values, sizeof *s->current);
    s->rings = arena_take(a, p->n_values, sizeof *s->rings);
    s->calls = arena_take(a, p->n_steps, sizeof *s->calls);
    s->posts = arena_take(a, p->n_steps, sizeof *s->posts);
    const bool real = s->current != NULL;
    const size_t start = a->used;
    s->zeroed = arena_take(a, 0, 1);
    for (size_t i = 0; i < p->n_steps; i++) {
        void *const state = arena_take(a, p->steps[i].state_bytes, 1);
        if (real)
            s->calls[i].state = state;
    }
    for (size_t k = 0; k < p->n_slots; k++) {
        kreal *const slot = arena_take(a, p->slot_rows[k] * s->block, sizeof *slot);
        for (size_t v = 0; real && v < p->n_values; v++)
            if (p->values[v].slot == k)
                s->current[v] = slot;
    }
    for (size_t v = 0; v < p->n_values; v++) {
        const plan_value *const value = &p->values[v];
        if (value->history == 0)
            continue;
        const size_t length = value->history + s->block;
        kreal *const base = arena_take(a, 2 * length * value->row, sizeof *base);
        if (real)
            s->rings[v] = (plan_ring){base, value->row, value->history, length, 0};
    }
    s->zeroed_bytes = a->used - start;
}

static void fill_calls(plan_state *s)
{
    const plan *const p = s->plan;
    for (size_t i = 0; i < p->n_steps; i++) {
        op_call *const call = &s->calls[i];
        call->node = &p->steps[i].node;
        call->kernels = p->table;
        call->packed = p->steps[i].packed;
        s->posts[i] = p->steps[i].post;
        call->post = &s->posts[i];
    }
}

sordino_status plan_state_new(const plan *p, size_t max_frames, plan_state **out,
                              sordino_error *why)
{
    *out = NULL;
    plan_state *const s = calloc(1, sizeof *s);
    if (s) {
        s->plan = p;
        s->block = max_frames < 1 ? 1 : max_frames < p->block ? max_frames : p->block;
        lay_out(s, &s->memory);
    }
    if (!s || !arena_alloc(&s->memory)) {
        plan_state_free(s);
        return error_set(why, SORDINO_NO_MEM, "No memory for a stream");
    }
    lay_out(s, &s->memory);
    fill_calls(s);
    *out = s;
    return SORDINO_OK;
}

void plan_state_free(plan_state *s)
{
    if (s) {
        arena_free(&s->memory);
        free(s);
    }
}

size_t plan_state_bytes(const plan_state *s)
{
    return sizeof *s + s->memory.used + ARENA_ALIGN + ARENA_SLACK;
}

void plan_state_reset(plan_state *s)
{
    memset(s->zeroed, 0, s->zeroed_bytes);
    for (size_t v = 0; v < s->plan->n_values; v++)
        s->rings[v].at = 0;
}

/* After n frames have been written at the ring's present: the second copy of those that need one,
 * so that they are found wherever the next present lies. */
static void mirror(plan_ring *r, size_t n) SORDINO_RT
{
    const size_t row = r->row, end = r->at + n;
    if (r->at < r->history) /* written in the upper half */
        memcpy(r->base + r->at * row, r->base + (r->at + r->length) * row, n * row * sizeof(kreal));
    else if (end > r->length) /* written over the end of the lower half */
        memcpy(r->base, r->base + r->length * row, (end - r->length) * row * sizeof(kreal));
}

static void copy_in(const plan *p, const float *in, kreal *to, size_t n) SORDINO_RT
{
    const size_t width = p->values[0].width, row = p->values[0].row;
    for (size_t t = 0; t < n; t++, in += width, to += row) {
        memcpy(to, in, width * sizeof *to);
        memset(to + width, 0, (row - width) * sizeof *to);
    }
}

static void run_step(plan_state *s, size_t i, size_t n) SORDINO_RT
{
    const plan_step *const step = &s->plan->steps[i];
    op_call *const call = &s->calls[i];
    for (uint32_t k = 0; k < step->node.n_inputs; k++)
        call->in[k] = s->current[step->inputs[k]];
    if (step->add != PLAN_NONE)
        s->posts[i].add = s->current[step->add];
    call->out = s->current[step->out];
    call->n = n;
    step->node.op->forward(call);
    if (s->rings[step->out].base)
        mirror(&s->rings[step->out], n);
}

static void run_block(plan_state *s, const float *in, float *out, size_t n) SORDINO_RT
{
    const plan *const p = s->plan;
    for (size_t v = 0; v < p->n_values; v++) {
        const plan_ring *const r = &s->rings[v];
        if (r->base)
            s->current[v] = r->base + (r->at < r->history ? r->at + r->length : r->at) * r->row;
    }
    copy_in(p, in, s->current[0], n);
    if (s->rings[0].base)
        mirror(&s->rings[0], n);
    for (size_t i = 0; i < p->n_steps; i++)
        run_step(s, i, n);
    const plan_value *const last = &p->values[p->output];
    for (size_t t = 0; t < n; t++)
        memcpy(out + t * last->width, s->current[p->output] + t * last->row,
               last->width * sizeof *out);
    for (size_t v = 0; v < p->n_values; v++) {
        plan_ring *const r = &s->rings[v];
        if (r->base)
            r->at = r->at + n < r->length ? r->at + n : r->at + n - r->length;
    }
}

void plan_run(plan_state *s, const float *in, float *out, size_t n)
{
    const size_t in_width = plan_input_width(s->plan), out_width = plan_output_width(s->plan);
    while (n > 0) {
        const size_t m = n < s->block ? n : s->block;
        run_block(s, in, out, m);
        in += m * in_width;
        out += m * out_width;
        n -= m;
    }
}
