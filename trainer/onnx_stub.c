#include "trainer/onnx.h"

#include "core/base/error.h"

sordino_status onnx_write(const sordino_model *model, const char *path, sordino_error *why)
{
    (void)model;
    (void)path;
    return error_set(
        why, SORDINO_UNSUPPORTED,
        "This program was built without ONNX: libprotobuf-c or onnx.proto was missing");
}
