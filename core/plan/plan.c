/*
 * Compiling: the graph becomes a draft (draft.c), each node left in it a step, each result a value.
 * Values that someone reads the past of get rings; the others share slots by when they are alive.
 * Then the parameters are packed, and all goes into one arena, counted first and filled after.
 */
#include "core/plan/plan.h"

#include "core/base/error.h"
#include "core/plan/draft.h"
#include "core/plan/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Value numbers of the nodes, and when values are read last, while compiling. */
typedef struct lives {
    uint32_t *value; /* [nodes] */
    uint32_t *last;  /* [values]: step that reads it last; n_steps for the output */
} lives;

static uint32_t count_steps(const draft *d)
{
    uint32_t n = 0;
    for (size_t i = 1; i < d->n; i++)
        n += !d->nodes[i].gone;
    return n;
}

/* Hands out every array, the packed weights included. Called twice: counting, then for good. */
static void lay_out(plan *p, const draft *d, arena *a)
{
    p->steps = arena_take(a, p->n_steps, sizeof *p->steps);
    p->values = arena_take(a, p->n_values, sizeof *p->values);
    p->slot_rows = arena_take(a, p->n_values, sizeof *p->slot_rows);
    size_t s = 0;
    for (size_t i = 1; i < d->n; i++) {
        const draft_node *const n = &d->nodes[i];
        if (n->gone)
            continue;
        const op *const o = n->node->op;
        const size_t before = a->used;
        void *const packed = arena_take(a, o->packed_bytes ? o->packed_bytes(n->node) : 0, 1);
        const size_t room = o->channels ? kernels_pad(o->channels(n->node)) + KERNELS_PAD : 0;
        kreal *const slope = arena_take(a, n->slope ? room : 0, sizeof *slope);
        kreal *const gain = arena_take(a, n->gain ? room : 0, sizeof *gain);
        kreal *const shift = arena_take(a, n->shift ? room : 0, sizeof *shift);
        p->packed_bytes += p->steps ? a->used - before : 0;
        if (!p->steps)
            continue;
        plan_step *const step = &p->steps[s++];
        step->packed = packed;
        step->post = (kernels_post){n->slope ? slope : NULL, n->gain ? gain : NULL,
                                    n->shift ? shift : NULL, NULL};
        if (n->slope)
            memcpy(slope, n->slope, room * sizeof *slope);
        if (n->gain)
            memcpy(gain, n->gain, room * sizeof *gain);
        if (n->shift)
            memcpy(shift, n->shift, room * sizeof *shift);
        if (o->pack)
            o->pack(n->node, n->params, packed);
    }
}

static void read_value(plan *p, const lives *l, uint32_t value, uint32_t history, uint32_t step)
{
    if (p->values[value].history < history)
        p->values[value].history = history;
    l->last[value] = step;
}

/* Steps and values from nodes. */
static void number(plan *p, const draft *d, const lives *l)
{
    uint32_t s = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        const draft_node *const n = &d->nodes[i];
        uint32_t stays = i;
        while (d->nodes[stays].gone)
            stays = d->nodes[stays].same_as;
        l->value[i] = l->value[stays];
        if (i == 0 || n->gone)
            continue;
        plan_step *const step = &p->steps[s];
        memcpy(step->name, n->name, strlen(n->name) + 1);
        step->node = *n->node;
        step->state_bytes = n->node->op->state_bytes ? n->node->op->state_bytes(n->node) : 0;
        step->add = PLAN_NONE;
        for (uint32_t k = 0; k < n->node->n_inputs; k++) {
            step->inputs[k] = l->value[n->inputs[k]];
            read_value(p, l, step->inputs[k], n->node->history, s);
        }
        if (n->add != UINT32_MAX) {
            step->add = l->value[n->add];
            read_value(p, l, step->add, 0, s);
        }
        step->out = l->value[i] = s + 1;
        p->values[step->out] = (plan_value){.width = n->node->width};
        p->macs += n->node->op->macs ? n->node->op->macs(n->node) : 0;
        s++;
    }
    p->output = l->value[d->n - 1];
    l->last[p->output] = (uint32_t)p->n_steps;
}

/* A slot that holds no value needed from step `now` on; a new one when there is none. Slots are
 * marked by the step that reads them last, in `busy`. */
static uint32_t take_slot(plan *p, uint32_t *busy, uint32_t now, uint32_t row)
{
    uint32_t best = PLAN_NONE;
    for (uint32_t k = 0; k < p->n_slots; k++)
        if (busy[k] < now && (best == PLAN_NONE || p->slot_rows[k] > p->slot_rows[best]))
            best = k;
    if (best == PLAN_NONE) {
        best = (uint32_t)p->n_slots++;
        p->slot_rows[best] = 0;
    }
    if (p->slot_rows[best] < row)
        p->slot_rows[best] = row;
    return best;
}

/* Whether step `s` may write over its first input. */
static bool overwrites(const plan *p, const lives *l, uint32_t s)
{
    const plan_step *const step = &p->steps[s];
    const uint32_t from = step->inputs[0];
    if (!step->node.op->in_place || p->values[from].slot == PLAN_NONE || l->last[from] != s ||
        p->values[from].row != p->values[step->out].row)
        return false;
    for (uint32_t k = 1; k < step->node.n_inputs; k++)
        if (step->inputs[k] == from)
            return false;
    return true;
}

/* `busy` [values]: scratch. A slot is free for a step's result when its value was last read by an
 * earlier step. Steps are counted from 1 here, 0 stands for never used. */
static void share_slots(plan *p, const lives *l, uint32_t *busy)
{
    for (uint32_t v = 0; v < p->n_values; v++) {
        plan_value *const value = &p->values[v];
        value->row = (uint32_t)kernels_pad(value->width);
        value->slot = PLAN_NONE;
        if (value->history > 0)
            continue;
        if (v > 0 && overwrites(p, l, v - 1))
            value->slot = p->values[p->steps[v - 1].inputs[0]].slot;
        else
            value->slot = take_slot(p, busy, v, value->row);
        busy[value->slot] = l->last[v] + 1;
    }
}

static void choose_block(plan *p)
{
    uint32_t widest = 1;
    for (size_t v = 0; v < p->n_values; v++)
        if (p->values[v].row > widest)
            widest = p->values[v].row;
    p->block = PLAN_BLOCK_FLOATS / widest;
    p->block = p->block > PLAN_BLOCK ? PLAN_BLOCK : p->block < 1 ? 1 : p->block;
    if (p->block > 6)
        p->block = p->block / 6 * 6; /* rows of the kernels' tiles */
}

/* Everything after the draft. False: no memory. */
static bool compile(plan *p, const graph *g, const draft *d)
{
    p->n_steps = count_steps(d);
    p->n_values = p->n_steps + 1;
    lay_out(p, d, &p->memory);
    uint32_t *const scratch = calloc(2 * p->n_values + d->n, sizeof *scratch);
    if (!scratch || !arena_alloc(&p->memory)) {
        free(scratch);
        return false;
    }
    lay_out(p, d, &p->memory);
    const lives l = {scratch, scratch + d->n};
    p->values[0].width = graph_at(g, 0)->width;
    number(p, d, &l);
    share_slots(p, &l, scratch + d->n + p->n_values);
    choose_block(p);
    free(scratch);
    for (size_t i = 1; i < d->n; i++)
        p->weights += op_node_weights(graph_op_node(g, i));
    return true;
}

sordino_status plan_new_merging(const graph *g, const tensor_set *weights, const kernels *table,
                                bool merge, plan **out, sordino_error *why)
{
    draft d = {0, NULL};
    *out = NULL;
    const sordino_status status = draft_new(g, weights, merge, &d, why);
    if (status != SORDINO_OK)
        return status;
    plan *const p = calloc(1, sizeof *p);
    const bool done = p && compile(p, g, &d);
    draft_free(&d);
    if (!done) {
        plan_free(p);
        return error_set(why, SORDINO_NO_MEM, "No memory for a plan");
    }
    p->table = table ? table : kernels_pick();
    *out = p;
    return SORDINO_OK;
}

sordino_status plan_new(const graph *g, const tensor_set *weights, const struct kernels *table,
                        plan **out, sordino_error *why)
{
    return plan_new_merging(g, weights, table, true, out, why);
}

void plan_free(plan *p)
{
    if (p) {
        arena_free(&p->memory);
        free(p);
    }
}

uint32_t plan_input_width(const plan *p)
{
    return p->values[0].width;
}

uint32_t plan_output_width(const plan *p)
{
    return p->values[p->output].width;
}

size_t plan_weights(const plan *p)
{
    return p->weights;
}

size_t plan_packed_bytes(const plan *p)
{
    return p->packed_bytes;
}

double plan_macs(const plan *p)
{
    return p->macs;
}

static void dump_value(const plan *p, uint32_t v, FILE *to)
{
    const plan_value *const value = &p->values[v];
    if (value->slot == PLAN_NONE)
        fprintf(to, "ring of %" PRIu32 " past", value->history);
    else
        fprintf(to, "slot %" PRIu32, value->slot);
}

void plan_dump(const plan *p, FILE *to)
{
    fprintf(to,
            "%zu steps, %zu weights, %zu packed bytes, %.0f multiply-adds a frame, kernels %s, "
            "blocks of %" PRIu32 " frames\n",
            p->n_steps, p->weights, p->packed_bytes, p->macs, p->table->name, p->block);
    fprintf(to, "  value 0: input, width %" PRIu32 ", ", p->values[0].width);
    dump_value(p, 0, to);
    fprintf(to, "\n");
    for (size_t s = 0; s < p->n_steps; s++) {
        const plan_step *const step = &p->steps[s];
        fprintf(to, "  value %" PRIu32 ": %s, %s(", step->out, step->name, step->node.op->name);
        for (uint32_t k = 0; k < step->node.n_inputs; k++)
            fprintf(to, "%s%" PRIu32, k ? ", " : "", step->inputs[k]);
        fprintf(to, ")%s%s", step->post.slope ? " prelu" : "", step->post.gain ? " scale" : "");
        if (step->add != PLAN_NONE)
            fprintf(to, " add %" PRIu32, step->add);
        fprintf(to, ", width %" PRIu32 ", history %" PRIu32 ", state %zu, ", step->node.width,
                step->node.history, step->state_bytes);
        dump_value(p, step->out, to);
        fprintf(to, "\n");
    }
}
