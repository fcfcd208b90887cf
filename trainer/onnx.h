/* A model as an ONNX file, for programs that run networks of that format. */
#ifndef TRAINER_ONNX_H
#define TRAINER_ONNX_H

#include <sordino/model.h>
#include <sordino/status.h>

/* Writes the model's graph as a file of ONNX operators (opset 17): input "input" [1][T][width],
 * output "output" [1][T][width], any T; what lies before the first frame is 0, as in a stream that
 * starts. The front end is not part of the graph: like the name, the licence and all else that the
 * model says of itself it is kept as text in metadata_props. The file appears whole or not at all.
 * Errors: NO_MEM; IO; NOT_FOUND (the folder); BAD_ARG (a NULL); UNSUPPORTED (built without
 * libprotobuf-c or onnx.proto). */
SORDINO_NODISCARD sordino_status onnx_write(const sordino_model *model, const char *path,
                                            sordino_error *why);

#endif
