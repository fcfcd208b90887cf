/* The models that are part of the library, as models/meson.build lists them. */
#ifndef MODEL_BUILTIN_H
#define MODEL_BUILTIN_H

typedef struct builtin_model {
    const char *name, *description;
    const unsigned char *bytes, *end; /* a whole model file, its tensors aligned as floats */
    const char *hash;                 /* of the file, as sordino_model_hash has it */
} builtin_model;

/* Ends with one whose name is NULL. Defined in the file that core/model/embed.py writes; a test
 * may link one of its own instead. */
extern const builtin_model builtin_models[];

#endif
