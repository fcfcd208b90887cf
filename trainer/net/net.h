/*
 * A network being trained: the graph of core/graph, its parameters in one flat vector, and passes
 * forward and backward over whole sequences by the same op functions that the engine runs.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

#include "core/graph/graph.h"
#include "core/graph/tensors.h"
#include "core/kernels/kernels.h"
#include "trainer/random.h"

typedef struct net net;

/* One parameter tensor in the flat vector. */
typedef struct net_param {
    graph_param shape; /* name and dims */
    uint32_t node;     /* of the graph */
    size_t offset, size;
    bool decays; /* weight decay applies: it has two dimensions or more */
    bool inner;  /* a matrix of some size, of a layer that neither reads the input nor makes the
                    output */
} net_param;

/* `g` is borrowed until net_free. `table` NULL picks the best for this CPU. Every op must have a
 * backward side. Parameters are zero at first. Errors: NO_MEM, UNSUPPORTED. */
SORDINO_NODISCARD sordino_status net_new(const graph *g, const kernels *table, net **out,
                                         sordino_error *why);
void net_free(net *n);

const graph *net_graph(const net *n);
const kernels *net_table(const net *n);
size_t net_size(const net *n); /* floats that are trained */
size_t
net_statistics(const net *n); /* floats that are running statistics; they follow the others */
float *net_values(net *n);    /* [size + statistics], owned by the net */
size_t net_param_count(const net *n);
net_param net_param_at(const net *n, size_t i);

/*
 * Fresh weights: normal with variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers",
 * eq. 10), biases 0, prelu slopes 0.25, norms 1 and 0; gates of recurrent layers with variance 1 /
 * fan-in and a bias that makes them remember. A layer whose result goes straight into a sum is
 * scaled down by the root of the number of sums (Hanin & Rolnick 2018, "How to start training"),
 * one that makes the output by 10.
 */
void net_init(net *n, rng *r);

/* Takes all parameters from a set, by name and shape. Errors: BAD_MODEL. */
SORDINO_NODISCARD sordino_status net_load(net *n, const tensor_set *set, sordino_error *why);

/* Takes the parameters that a smaller network of the same kind has, and fresh ones for the rest; a
 * fresh layer whose result goes straight into a sum is zero, so that a residual block added after
 * the others changes nothing at first (Chen, Goodfellow & Shlens 2016, "Net2Net"). Errors:
 * BAD_MODEL (not all of the set finds a place). */
SORDINO_NODISCARD sordino_status net_grow(net *n, const tensor_set *set, rng *r,
                                          sordino_error *why);

/* `values` [size + statistics] (NULL: the net's own) as a set; the caller frees it. Errors: NO_MEM.
 */
SORDINO_NODISCARD sordino_status net_tensors(const net *n, const float *values, tensor_set **out,
                                             sordino_error *why);

/* Lays the parameters out for the kernels. To be called after they changed, before a pass; not
 * while a pass runs. */
void net_pack(net *n);

/* One thread's values and derivatives of `windows` sequences of up to `max_frames` frames. */
typedef struct net_pass net_pass;
SORDINO_NODISCARD sordino_status net_pass_new(const net *n, size_t windows, size_t max_frames,
                                              net_pass **out, sordino_error *why);
void net_pass_free(net_pass *p);

/* Starts a pass of `frames` frames in each window (<= max_frames). */
void net_pass_begin(net_pass *p, size_t frames);

/* Frame 0 of a window, [frames][row] with row = kernels_pad(width): the input, to be filled in (its
 * padding stays zero); the output; the derivative by the output, to be filled in after forward
 * (padding too). */
float *net_pass_input(net_pass *p, size_t window);
const float *net_pass_output(const net_pass *p, size_t window);
float *net_pass_d_output(net_pass *p, size_t window);

/* Forward over all windows; the past of each is zeros. Batch norms use the statistics of this
 * pass. */
void net_pass_forward(net_pass *p);

/* Adds the batch's statistics to `sums` [statistics]: after forward, before backward. */
void net_pass_add_statistics(const net_pass *p, float *sums);

/* Backward: adds derivatives to `grads` [size]. */
void net_pass_backward(net_pass *p, float *grads);

size_t net_pass_bytes(const net_pass *p);

#endif
