/*
 * An ONNX model under construction: nodes one after the other, constants, and at the end its bytes.
 * Works like a pen: names and attributes go to what was put down last. Values are known by their
 * names, which belong to the builder. After a failed allocation every call does nothing and returns
 * "", and onnx_build_pack tells. One thread.
 */
#ifndef TRAINER_ONNX_BUILD_H
#define TRAINER_ONNX_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include <sordino/status.h>

enum { ONNX_IR = 8, ONNX_OPSET = 17, ONNX_MAX_INPUTS = 8 };

typedef struct onnx_build onnx_build;

/* An empty model; NULL when out of memory. */
onnx_build *onnx_build_new(void);
void onnx_build_free(onnx_build *b);

/* Names made from now on begin with this; copied. */
void onnx_build_scope(onnx_build *b, const char *scope);

/* Constants: floats of any shape, or a row of whole numbers. Copied. Return the value's name,
 * "<scope>.<suffix>" for the first. */
const char *onnx_build_floats(onnx_build *b, const char *suffix, uint32_t n_dims,
                              const int64_t *dims, const float *values);
const char *onnx_build_whole(onnx_build *b, size_t n, const int64_t *values);

/* Adds a node of an operator; `inputs` [n_inputs] are names. Returns the name of its last result,
 * of `n_outputs` >= 1. */
const char *onnx_build_node(onnx_build *b, const char *op, size_t n_inputs,
                            const char *const *inputs, size_t n_outputs);

/* Gives a value one more name, as it is. */
void onnx_build_alias(onnx_build *b, const char *value, const char *name);

/* Attributes of the node added last. */
void onnx_build_int(onnx_build *b, const char *name, int64_t value);
void onnx_build_ints(onnx_build *b, const char *name, size_t n, const int64_t *values);
void onnx_build_float(onnx_build *b, const char *name, float value);

/* Between these, nodes go into a graph of their own, which then is the attribute "body" of the node
 * added last before. Not to be nested. */
void onnx_build_open_body(onnx_build *b);
void onnx_build_close_body(onnx_build *b);

/* An input or output of the graph being built: float values; a dim of -1 is free, and named T. */
void onnx_build_input(onnx_build *b, const char *name, uint32_t n_dims, const int64_t *dims);
void onnx_build_output(onnx_build *b, const char *name, uint32_t n_dims, const int64_t *dims);

/* A pair of texts for the model's metadata_props; copied. */
void onnx_build_metadata(onnx_build *b, const char *key, const char *value);

/* The model as bytes, released with free(). `name` is the graph's. Errors: NO_MEM. */
SORDINO_NODISCARD sordino_status onnx_build_pack(onnx_build *b, const char *name, void **out_bytes,
                                                 size_t *out_size, sordino_error *why);

#endif
