/* onnx_tool MODEL.safetensors OUT.onnx, for tests/app/test_onnx.py. */
#include "trainer/onnx.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    sordino_model *model;
    sordino_error why;
    if (argc != 3)
        return 2;
    sordino_status status = sordino_model_open_path(argv[1], &model, &why);
    if (!status) {
        status = onnx_write(model, argv[2], &why);
        sordino_model_free(model);
    }
    if (status)
        fprintf(stderr, "%s\n", why.text);
    return status != SORDINO_OK;
}
