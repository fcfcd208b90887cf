/* What model files are read, and which are refused, and why. */
#include "tests/support/model_bytes.h"

#include "core/model/json_text.h"

#include "tests/support/cmocka_all.h"

#include "core/base/bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the text ends in a space, the rest is the JSON library's and differs by version. */
static void refuses(file f, sordino_status status, const char *text)
{
    sordino_model *m = (sordino_model *)&m;
    sordino_error why = {SORDINO_OK, ""};
    const sordino_status got = sordino_model_open_bytes(f.bytes, f.size, &m, &why);
    if (text[strlen(text) - 1] == ' ')
        why.text[strlen(text)] = '\0';
    assert_string_equal(why.text, text);
    assert_int_equal(got, status);
    assert_int_equal(why.status, status);
    assert_null(m);
    free(f.bytes);
}

/* ---- the container ---- */

typedef struct bad_header {
    const char *header;
    size_t data_bytes;
    sordino_status status;
    const char *text;
} bad_header;

#define META "\"__metadata__\":{\"sordino.format\":\"1.0\",\"sordino.kind\":\"model\"}"
#define ENTRY(dtype, shape, offsets)                                                               \
    "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define F32 "\"F32\""

static const bad_header bad_headers[] = {
    {"", 0, SORDINO_BAD_MODEL, "The header does not begin with \"{\""},
    {" {}", 0, SORDINO_BAD_MODEL, "The header does not begin with \"{\""},
    {"{\"a\":}", 0, SORDINO_BAD_MODEL, "The header is not valid JSON: "},
    {"{} {}", 0, SORDINO_BAD_MODEL, "The header is not valid JSON: "},
    {"{\"a\":1,\"a\":2}", 0, SORDINO_BAD_MODEL, "The header is not valid JSON: "},
    {"{\"a\":\"\\u0000\"}", 0, SORDINO_BAD_MODEL, "The header is not valid JSON: "},
    {"{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", 0, SORDINO_BAD_MODEL,
     "The header nests 17 objects and arrays; the limit is 16"},
    {"{\"a\":1}", 0, SORDINO_BAD_MODEL,
     "Tensor \"a\" must have exactly \"dtype\", \"shape\" and \"data_offsets\""},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4],\"more\":1}}", 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" must have exactly \"dtype\", \"shape\" and \"data_offsets\""},
    {"{\"\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, SORDINO_BAD_MODEL,
     "Tensor \"\": the name has 0 bytes; it must have 1 to 95"},
    {"{\"a\":{\"type\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"dtype\" is missing or no text"},
    {ENTRY("32", "[1]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"dtype\" is missing or no text"},
    {ENTRY("\"I64\"", "[1]", "[0,8]"), 8, SORDINO_UNSUPPORTED,
     "Tensor \"a\" has dtype \"I64\"; F32, F16 and BF16 can be read"},
    {ENTRY(F32, "4", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" has 0 dimensions; it must have 1 to 4"},
    {ENTRY(F32, "[]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" has 0 dimensions; it must have 1 to 4"},
    {ENTRY(F32, "[1,1,1,1,1]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" has 5 dimensions; it must have 1 to 4"},
    {ENTRY(F32, "[1,0]", "[0,0]"), 0, SORDINO_BAD_MODEL,
     "Tensor \"a\": dimension 1 is not a whole number in 1..67108864"},
    {ENTRY(F32, "[-1]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": dimension 0 is not a whole number in 1..67108864"},
    {ENTRY(F32, "[1.0]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": dimension 0 is not a whole number in 1..67108864"},
    {ENTRY(F32, "[67108865]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": dimension 0 is not a whole number in 1..67108864"},
    {ENTRY(F32, "[67108864,2]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" holds too many values; the limit is 67108864"},
    {ENTRY(F32, "[65536,65536,65536,65536]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" holds too many values; the limit is 67108864"},
    {ENTRY(F32, "[1]", "4"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"data_offsets\" must be two whole numbers"},
    {ENTRY(F32, "[1]", "[0,2,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"data_offsets\" must be two whole numbers"},
    {ENTRY(F32, "[1]", "[-4,0]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"data_offsets\" must be two whole numbers"},
    {ENTRY(F32, "[1]", "[0,4e0]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\": \"data_offsets\" must be two whole numbers"},
    {ENTRY(F32, "[1]", "[4,0]"), 4, SORDINO_BAD_MODEL, "Tensor \"a\" lies at bytes 4 to 0 of 4"},
    {ENTRY(F32, "[2]", "[0,8]"), 4, SORDINO_BAD_MODEL, "Tensor \"a\" lies at bytes 0 to 8 of 4"},
    {ENTRY(F32, "[1]", "[0,9223372036854775807]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" lies at bytes 0 to 9223372036854775807 of 4"},
    {ENTRY(F32, "[1]", "[0,9223372036854775808]"), 4, SORDINO_BAD_MODEL,
     "The header is not valid JSON: "},
    {ENTRY(F32, "[1]", "[2,6]"), 6, SORDINO_BAD_MODEL,
     "Tensor \"a\" begins at byte 2, which is no multiple of its value's size, 4"},
    {ENTRY("\"F16\"", "[1]", "[1,3]"), 3, SORDINO_BAD_MODEL,
     "Tensor \"a\" begins at byte 1, which is no multiple of its value's size, 2"},
    {ENTRY(F32, "[1]", "[0,8]"), 8, SORDINO_BAD_MODEL,
     "Tensor \"a\" has 8 bytes; its shape needs 4"},
    {ENTRY("\"BF16\"", "[3]", "[0,4]"), 4, SORDINO_BAD_MODEL,
     "Tensor \"a\" has 4 bytes; its shape needs 6"},
    {ENTRY(F32, "[1]", "[4,8]"), 8, SORDINO_BAD_MODEL,
     "Tensor \"a\" begins at byte 4 of the data; 0 was expected (a gap)"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
     12, SORDINO_BAD_MODEL,
     "Tensor \"b\" begins at byte 4 of the data; 8 was expected (tensors overlap)"},
    {ENTRY(F32, "[1]", "[0,4]"), 5, SORDINO_BAD_MODEL, "1 bytes follow the last tensor"},
    {"{}", 7, SORDINO_BAD_MODEL, "7 bytes follow the last tensor"},
    {"{\"__metadata__\":[]}", 0, SORDINO_BAD_MODEL, "\"__metadata__\" is not an object"},
    {"{\"__metadata__\":{\"x\\ny\":1}}", 0, SORDINO_BAD_MODEL, "Metadata \"x?y\" is not text"},
    {"{\"__metadata__\":{\"sordino.kind\":\"model\"}}", 0, SORDINO_BAD_MODEL,
     "The metadata has no \"sordino.format\"; this is no file of Sordino's"},
    {"{\"__metadata__\":{\"sordino.format\":\"1.0\"}}", 0, SORDINO_BAD_MODEL,
     "The metadata has no \"sordino.kind\"; this is no file of Sordino's"},
    {"{\"__metadata__\":{\"sordino.format\":\"1\",\"sordino.kind\":\"model\"}}", 0,
     SORDINO_BAD_MODEL, "sordino.format is \"1\"; it must be like \"1.1\""},
    {"{\"__metadata__\":{\"sordino.format\":\"1.00000\",\"sordino.kind\":\"model\"}}", 0,
     SORDINO_BAD_MODEL, "sordino.format is \"1.00000\"; it must be like \"1.1\""},
    {"{\"__metadata__\":{\"sordino.format\":\"0.9\",\"sordino.kind\":\"model\"}}", 0,
     SORDINO_BAD_MODEL, "sordino.format is \"0.9\"; it must be like \"1.1\""},
    {"{\"__metadata__\":{\"sordino.format\":\"2.0\",\"sordino.kind\":\"model\"}}", 0,
     SORDINO_UNSUPPORTED, "The file is of format 2.0; this version reads up to 1.x"},
    {"{\"__metadata__\":{\"sordino.format\":\"1.0\",\"sordino.kind\":\"noise-profile\"}}", 0,
     SORDINO_UNSUPPORTED, "The file is a \"noise-profile\"; a \"model\" was expected"},
    {"{\"__metadata__\":{\"sordino.crc32\":\"1234abcd\",\"sordino.format\":\"1.0\","
     "\"sordino.kind\":\"model\"}}",
     0, SORDINO_BAD_MODEL, "The tensors' CRC-32 is 00000000, but sordino.crc32 says \"1234abcd\""},
    {"{" META "}", 0, SORDINO_BAD_MODEL, "The metadata has no \"sordino.front_end\""},
};

static void containers_that_break_the_rules_are_refused(void **state)
{
    (void)state;
    const unsigned char zeros[16] = {0};
    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++)
        refuses(file_of(bad_headers[i].header, zeros, bad_headers[i].data_bytes),
                bad_headers[i].status, bad_headers[i].text);
}

static void a_wrong_header_length_is_refused(void **state)
{
    (void)state;
    file f = file_of("{}", "", 0);
    f.size = 7;
    refuses(f, SORDINO_BAD_MODEL, "The file has 7 bytes; a safetensors file has at least 8");
    f = file_of("{}", "", 0);
    store_le64(f.bytes, 16777217);
    refuses(f, SORDINO_BAD_MODEL, "The header would be 16777217 bytes long; the limit is 16777216");
    f = file_of("{}", "", 0);
    store_le64(f.bytes, UINT64_MAX);
    refuses(f, SORDINO_BAD_MODEL,
            "The header would be 18446744073709551615 bytes long; the limit is 16777216");
    f = file_of("{}", "", 0);
    store_le64(f.bytes, 16);
    refuses(f, SORDINO_BAD_MODEL, "The header is 16 bytes long, but only 8 bytes follow");
    f = file_of("{}", "", 0);
    store_le64(f.bytes, 5);
    refuses(f, SORDINO_BAD_MODEL,
            "The header is 5 bytes long; it must be padded with spaces to a multiple of 8");
}

/* A header of `n` items, each a number between two texts, and something before and after. */
static file repeated(const char *before, const char *left, const char *right, size_t n,
                     const char *after)
{
    json_text t = {0};
    json_text_raw(&t, before);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            json_text_char(&t, ',');
        json_text_raw(&t, left);
        json_text_number(&t, (double)i);
        json_text_raw(&t, right);
    }
    json_text_raw(&t, after);
    json_text_char(&t, '\0');
    assert_false(t.failed);
    const file f = file_of(t.text, "", 0);
    free(t.text);
    return f;
}

static void too_much_of_anything_is_refused(void **state)
{
    (void)state;
    refuses(repeated("{\"a\":[", "", "", 262144, "]}"), SORDINO_BAD_MODEL,
            "The header holds about 262146 values; the limit is 262144");
    refuses(repeated("{", "\"t", "\":1", 8194, "}"), SORDINO_BAD_MODEL,
            "The header names 8194 tensors; the limit is 8192");
    refuses(repeated("{\"__metadata__\":{", "\"k", "\":\"\"", 257, "}}"), SORDINO_BAD_MODEL,
            "\"__metadata__\" has 257 entries; the limit is 256");
}

static void halves_are_read_as_floats(void **state)
{
    (void)state;
    const unsigned char bytes[] = {
        0x00, 0x3C, 0x01, 0x00, 0xFF, 0x83, 0x00, 0x80, 0xFF, 0x7B, /* F16 */
        0x80, 0x3F, 0x01, 0x80, 0x7F, 0x7F, 0x00, 0x80, 0xC0, 0xBF, /* BF16 */
    };
    const float expected[] = {
        1.0f, 0x1p-24f, -0x3FFp-24f, -0.0f, 65504.0f, 1.0f, -0x1p-133f, 0x1.FEp127f, -0.0f, -1.5f,
    };
    const file f =
        file_of("{" META ",\"a\":{\"dtype\":\"F16\",\"shape\":[5],\"data_offsets\":[0,10]},"
                "\"b\":{\"dtype\":\"BF16\",\"shape\":[5],\"data_offsets\":[10,20]}}",
                bytes, sizeof bytes);
    safetensors *s;
    float got[10];
    assert_int_equal(safetensors_read(f.bytes, f.size, "model", &s, NULL), SORDINO_OK);
    assert_int_equal(safetensors_values(&s->entries[0], got, NULL), SORDINO_OK);
    assert_int_equal(safetensors_values(&s->entries[1], got + 5, NULL), SORDINO_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(float_to_bits(got[i]), float_to_bits(expected[i]));
    safetensors_free(s);
    free(f.bytes);
}

static void weights_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    const unsigned char half_nan[] = {0x00, 0x7C}, bf_inf[] = {0x80, 0xFF};
    const struct {
        const char *header;
        const void *data;
    } cases[] = {
        {"{" META ",\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", half_nan},
        {"{" META ",\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", bf_inf},
    };
    for (int i = 0; i < 2; i++) {
        const file f = file_of(cases[i].header, cases[i].data, 2);
        safetensors *s;
        sordino_error why;
        float got;
        assert_int_equal(safetensors_read(f.bytes, f.size, "model", &s, NULL), SORDINO_OK);
        assert_int_equal(safetensors_values(&s->entries[0], &got, &why), SORDINO_BAD_MODEL);
        assert_string_equal(why.text, "Tensor \"a\": value 0 is not finite");
        safetensors_free(s);
        free(f.bytes);
    }
    float bad[4] = {1.0f, 2.0f, NAN, 3.0f};
    tensor tensors[2] = {dense_tensors[0], dense_tensors[1]};
    tensors[1].data = bad;
    refuses(file_with("1.0", dense_graph, WAVE(2), tensors, 2), SORDINO_BAD_MODEL,
            "Tensor \"d.weight\": value 2 is not finite");
}

/* ---- front end, graph and what they say of each other ---- */

#define LEVEL "{\"high\":1,\"kind\":\"log_level\",\"low\":-1,\"offset\":20,\"scale\":0.03125}"

typedef struct bad_text {
    const char *text; /* of the front end, or of the graph */
    sordino_status status;
    const char *message;
} bad_text;

static const bad_text bad_fronts[] = {
    {"[1]", SORDINO_BAD_MODEL, "sordino.front_end is not an object"},
    {"{", SORDINO_BAD_MODEL, "sordino.front_end is not valid JSON: "},
    {"{}", SORDINO_BAD_MODEL, "The front end: \"kind\" is missing"},
    {"{\"kind\":1}", SORDINO_BAD_MODEL, "The front end: \"kind\" is not text"},
    {"{\"kind\":\"wavelet\"}", SORDINO_UNSUPPORTED,
     "The front end: kind \"wavelet\" is not known to this version"},
    {"{\"kind\":\"wave\"}", SORDINO_BAD_MODEL, "The front end: \"rate\" is missing"},
    {"{\"kind\":\"wave\",\"rate\":\"5\"}", SORDINO_BAD_MODEL,
     "The front end: \"rate\" is not a number"},
    {"{\"kind\":\"wave\",\"rate\":-1}", SORDINO_BAD_MODEL,
     "The front end: \"rate\" is -1; it must be in 0..1e+09"},
    {WAVE(0), SORDINO_BAD_MODEL, "The front end: \"hop_samples\" is 0; it must be in 1..65536"},
    {WAVE(65537), SORDINO_BAD_MODEL,
     "The front end: \"hop_samples\" is 65537; it must be in 1..65536"},
    {WAVE(1.5), SORDINO_BAD_MODEL, "The front end: \"hop_samples\" is 1.5; it must be whole"},
    {"{\"hop_samples\":4,\"kind\":\"wave\",\"lag_samples\":65537,\"predicts_noise\":true,"
     "\"rate\":0,\"scale_time\":20}",
     SORDINO_BAD_MODEL, "The front end: \"lag_samples\" is 65537; it must be in 0..65536"},
    {"{\"hop_samples\":4,\"kind\":\"wave\",\"lag_samples\":0,\"predicts_noise\":1,"
     "\"rate\":0,\"scale_time\":20}",
     SORDINO_BAD_MODEL, "The front end: \"predicts_noise\" must be true or false"},
    {"{\"hop_samples\":4,\"kind\":\"wave\",\"lag_samples\":0,\"predicts_noise\":true,"
     "\"rate\":0,\"scale_time\":0}",
     SORDINO_BAD_MODEL, "The front end: \"scale_time\" is 0; it must be in 1e-09..1e+09"},
    {"{\"hop_samples\":4,\"kind\":\"wave\",\"lag_samples\":0,\"predicts_noise\":true,"
     "\"rate\":0,\"scale_time\":1,\"more\":1}",
     SORDINO_BAD_MODEL, "The front end: \"more\" is not known"},
    {STFT_FRONT("0.001", "0.001", "[0]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"window\" is 0.001; it must be in 0.002..0.2"},
    {STFT_FRONT("0.02", "0.011", "[0]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"hop\" is 0.011; it must be in 0.0025..0.01"},
    {STFT_FRONT("0.02", "0.01", "[]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"bands_hz\" must be a list of 1 to 512"},
    {STFT_FRONT("0.02", "0.01", "[0,\"1\"]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: band 1 is not a number of hertz in 0..1000000"},
    {STFT_FRONT("0.02", "0.01", "[-1]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: band 0 is not a number of hertz in 0..1000000"},
    {STFT_FRONT("0.02", "0.01", "[0,100,100]", "[" LEVEL "]", "1", "1", "0", "0"),
     SORDINO_BAD_MODEL, "The front end: band 2 at 100 Hz is not above band 1 at 100 Hz"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"features\" must be a list of 1 to 8"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[{}]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "A feature: \"kind\" is missing"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[1]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "A feature: \"kind\" is missing"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[{\"kind\":\"pitch\"}]", "1", "1", "0", "0"),
     SORDINO_UNSUPPORTED, "A feature: feature \"pitch\" is not known to this version"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[{\"kind\":\"phase_advance\",\"bins\":4097}]", "1", "1",
                "0", "0"),
     SORDINO_BAD_MODEL, "A feature: \"bins\" is 4097; it must be in 1..4096"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[{\"kind\":\"phase_advance\",\"bins\":1,\"low\":0}]", "1",
                "1", "0", "0"),
     SORDINO_BAD_MODEL, "A feature: \"low\" is not known"},
    {STFT_FRONT("0.02", "0.01", "[0]",
                "[{\"high\":1,\"kind\":\"log_snr\",\"low\":2,\"offset\":0,\"scale\":1}]", "1", "1",
                "0", "0"),
     SORDINO_BAD_MODEL, "A feature: \"low\" is 2; it must be below \"high\", 1"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[" LEVEL "]", "0", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"level_rise\" is 0; it must be in 1e-06..1000"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[" LEVEL "]", "1", "0", "0", "0"), SORDINO_BAD_MODEL,
     "The front end: \"level_fall\" is 0; it must be in 1e-06..1000"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[" LEVEL "]", "1", "1", "1", "9"), SORDINO_BAD_MODEL,
     "The front end: \"taps\" is 9; it must be in 0..8"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[" LEVEL "]", "1", "1", "0", "1"), SORDINO_BAD_MODEL,
     "The front end: \"tap_bins\" is 0; it must be in 1..4096"},
    {STFT_FRONT("0.02", "0.01", "[0]", "[" LEVEL "]", "1", "1", "1", "0"), SORDINO_BAD_MODEL,
     "The front end: \"tap_bins\" is 1; it must be in 0..0"},
    {STFT_FRONT("0.02", "0.01", "[0,100]", "[" LEVEL "]", "1", "1", "0", "0"), SORDINO_BAD_MODEL,
     "The graph's input is 4 wide; the front end gives 2 values a frame"},
    {STFT_FRONT("0.02", "0.01", "[0,1,2,3]", "[" LEVEL "]", "1", "1", "2", "1"), SORDINO_BAD_MODEL,
     "The output node r is 4 wide; the front end takes 8 values a frame"},
};

static void front_ends_that_break_the_rules_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_fronts / sizeof bad_fronts[0]; i++)
        refuses(file_with("1.0", GRAPH(4, RELU), bad_fronts[i].text, NULL, 0), bad_fronts[i].status,
                bad_fronts[i].message);
}

#define NODE(inputs, rest) "{\"inputs\":" inputs ",\"name\":\"n\"," rest "}"

static const bad_text bad_graphs[] = {
    {"{]", SORDINO_BAD_MODEL, "sordino.graph is not valid JSON: "},
    {"{\"nodes\":[" RELU "]}", SORDINO_BAD_MODEL,
     "sordino.graph: \"input\" must be a whole number in 1..65536"},
    {GRAPH(0, RELU), SORDINO_BAD_MODEL,
     "sordino.graph: \"input\" must be a whole number in 1..65536"},
    {GRAPH(65537, RELU), SORDINO_BAD_MODEL,
     "sordino.graph: \"input\" must be a whole number in 1..65536"},
    {GRAPH(4, ""), SORDINO_BAD_MODEL, "sordino.graph: \"nodes\" must be a list of 1 to 1023"},
    {"{\"input\":4,\"nodes\":{}}", SORDINO_BAD_MODEL,
     "sordino.graph: \"nodes\" must be a list of 1 to 1023"},
    {"{\"input\":4,\"nodes\":[" RELU "],\"more\":1}", SORDINO_BAD_MODEL,
     "sordino.graph must have exactly \"input\" and \"nodes\""},
    {GRAPH(4, "1"), SORDINO_BAD_MODEL, "Node number 0: \"name\" is missing or no plain text"},
    {GRAPH(4, "{\"name\":\"n\"}"), SORDINO_BAD_MODEL,
     "Node number 0: \"op\" is missing or no plain text"},
    {GRAPH(4, "{\"name\":\"\\u001b[31m\",\"op\":\"relu\"}"), SORDINO_BAD_MODEL,
     "Node number 0: \"name\" is missing or no plain text"},
    {GRAPH(4, "{\"name\":\"n\",\"op\":\"relu\"}"), SORDINO_BAD_MODEL,
     "Node n: \"inputs\" must be a list of 1 to 8 names"},
    {GRAPH(4, NODE("[]", "\"op\":\"relu\"")), SORDINO_BAD_MODEL,
     "Node n: \"inputs\" must be a list of 1 to 8 names"},
    {GRAPH(4, NODE("[1]", "\"op\":\"relu\"")), SORDINO_BAD_MODEL,
     "Node n: input 0 is no plain text"},
    {GRAPH(4, NODE("[\"input\"]", "\"op\":\"relu\",\"a\":\"b\"")), SORDINO_BAD_MODEL,
     "Node n: attribute \"a\" is not a number"},
    {GRAPH(4, NODE("[\"input\"]", "\"op\":\"relu\",\"a_name_of_24_characters_\":1")),
     SORDINO_UNSUPPORTED,
     "Node n: attribute \"a_name_of_24_characters_\" is not known to this version"},
    {GRAPH(4, NODE("[\"input\"]",
                   "\"op\":\"relu\",\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
                   "\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1")),
     SORDINO_BAD_MODEL, "Node n has over 12 attributes"},
};

static void graphs_that_break_the_rules_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_graphs / sizeof bad_graphs[0]; i++)
        refuses(file_with("1.0", bad_graphs[i].text, WAVE(4), NULL, 0), bad_graphs[i].status,
                bad_graphs[i].message);
    refuses(file_with("1.0", NULL, WAVE(4), NULL, 0), SORDINO_BAD_MODEL,
            "The metadata has no \"sordino.graph\"");
}

/* What the graph itself refuses comes through with its status and the node's name. */
static void what_the_graph_refuses_is_refused(void **state)
{
    static const struct {
        const char *node;
        sordino_status status;
    } cases[] = {
        {NODE("[\"input\"]", "\"op\":\"softmax\""), SORDINO_UNSUPPORTED},
        {NODE("[\"input\"]", "\"op\":\"relu\",\"slope\":1"), SORDINO_UNSUPPORTED},
        {NODE("[\"other\"]", "\"op\":\"relu\""), SORDINO_BAD_MODEL},
        {NODE("[\"input\",\"input\"]", "\"op\":\"relu\""), SORDINO_BAD_MODEL},
        {NODE("[\"n\"]", "\"op\":\"relu\""), SORDINO_BAD_MODEL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        sordino_model *m;
        sordino_error why = {SORDINO_OK, ""};
        snprintf(text, sizeof text, "{\"input\":4,\"nodes\":[%s]}", cases[i].node);
        const file f = file_with("1.0", text, WAVE(4), NULL, 0);
        assert_int_equal(sordino_model_open_bytes(f.bytes, f.size, &m, &why), cases[i].status);
        assert_null(m);
        assert_int_equal(why.status, cases[i].status);
        assert_non_null(strstr(why.text, "ode n"));
        free(f.bytes);
    }
}

static void tensors_must_be_those_the_graph_needs(void **state)
{
    (void)state;
    tensor t[3] = {dense_tensors[0], dense_tensors[1], dense_tensors[0]};
    refuses(file_with("1.0", dense_graph, WAVE(2), t, 1), SORDINO_BAD_MODEL,
            "Node d: tensor \"d.weight\" [2][2] is missing");
    strcpy(t[2].name, "e.bias");
    refuses(file_with("1.0", dense_graph, WAVE(2), t, 3), SORDINO_BAD_MODEL,
            "Tensor \"e.bias\" belongs to no node");
    t[1].dims[0] = 1;
    t[1].dims[1] = 4;
    refuses(file_with("1.0", dense_graph, WAVE(2), t, 2), SORDINO_BAD_MODEL,
            "Node d: tensor \"d.weight\" is [1][4]; [2][2] is needed");
    t[1].n_dims = 3;
    t[1].dims[0] = t[1].dims[1] = 2;
    t[1].dims[2] = 1;
    refuses(file_with("1.0", dense_graph, WAVE(2), t, 2), SORDINO_BAD_MODEL,
            "Node d: tensor \"d.weight\" is [2][2][1]; [2][2] is needed");
    t[1].n_dims = 1;
    t[1].dims[0] = 4;
    refuses(file_with("1.0", dense_graph, WAVE(2), t, 2), SORDINO_BAD_MODEL,
            "Node d: tensor \"d.weight\" is [4]; [2][2] is needed");
}

static void a_graph_that_would_take_too_much_memory_is_refused(void **state)
{
    (void)state;
    json_text t = {0};
    json_text_raw(&t, "{\"input\":65536,\"nodes\":[");
    for (int i = 0; i < 64; i++) {
        json_text_raw(&t, i > 0 ? ",{\"inputs\":[\"input\"],\"name\":\"n"
                                : "{\"inputs\":[\"input\"],\"name\":\"n");
        json_text_number(&t, i);
        json_text_raw(&t, "\",\"op\":\"relu\"}");
    }
    json_text_raw(&t, "]}");
    json_text_char(&t, '\0');
    assert_false(t.failed);
    refuses(file_with("1.0", t.text, WAVE(65536), NULL, 0), SORDINO_BAD_MODEL,
            "Up to node n63 a frame takes 4259840 values; the limit is 4194304");
    free(t.text);
    refuses(file_with("1.0",
                      GRAPH(4096, NODE("[\"input\"]", "\"op\":\"conv1d\",\"kernel\":2,\"out\":4096,"
                                                      "\"groups\":4096,\"dilation\":4097")),
                      WAVE(4096), NULL, 0),
            SORDINO_BAD_MODEL, "Up to node n 16781312 past values are kept; the limit is 16777216");
}

static void a_negative_variance_is_refused(void **state)
{
    (void)state;
    float good[2] = {1.0f, 2.0f}, bad[2] = {1.0f, -2.0f};
    const tensor tensors[4] = {
        {.name = "n.bias", .n_dims = 1, .dims = {2}, .data = good},
        {.name = "n.running_mean", .n_dims = 1, .dims = {2}, .data = bad},
        {.name = "n.running_var", .n_dims = 1, .dims = {2}, .data = bad},
        {.name = "n.weight", .n_dims = 1, .dims = {2}, .data = good},
    };
    refuses(file_with("1.0", GRAPH(2, NODE("[\"input\"]", "\"op\":\"batch_norm\",\"channels\":2")),
                      WAVE(2), tensors, 4),
            SORDINO_BAD_MODEL,
            "Tensor \"n.running_var\": value 1 is -2; a variance is not negative");
}

/* ---- versions ---- */

static void a_newer_minor_may_bring_keys_but_no_ops(void **state)
{
    (void)state;
    const char graph_json[] = "{\"input\":4,\"nodes\":[" RELU "],\"later\":1}";
    const char front_json[] = "{\"hop_samples\":4,\"kind\":\"wave\",\"lag_samples\":3,\"later\":{},"
                              "\"predicts_noise\":true,\"rate\":5.5,\"scale_time\":20}";
    file f = file_with("1.2", graph_json, front_json, NULL, 0);
    sordino_model *const m = opened(&f);
    assert_int_equal(m->front.hop_samples, 4);
    sordino_model_free(m);
    free(f.bytes);
    f = file_with("1.2", GRAPH(4, NODE("[\"input\"]", "\"op\":\"later\"")), WAVE(4), NULL, 0);
    sordino_model *none;
    assert_int_equal(sordino_model_open_bytes(f.bytes, f.size, &none, NULL), SORDINO_UNSUPPORTED);
    free(f.bytes);
}

/* ---- what an opened model says ---- */

static void a_model_tells_what_its_file_says(void **state)
{
    (void)state;
    const file f = file_of(
        "{\"__metadata__\":{\"sordino.format\":\"1.0\",\"sordino.kind\":\"model\","
        "\"sordino.graph\":\"{\\\"input\\\":4,\\\"nodes\\\":[{\\\"inputs\\\":[\\\"input\\\"],"
        "\\\"name\\\":\\\"r\\\",\\\"op\\\":\\\"relu\\\"}]}\","
        "\"sordino.front_end\":\"{\\\"kind\\\":\\\"wave\\\",\\\"rate\\\":5.5,\\\"hop_samples\\\":4,"
        "\\\"lag_samples\\\":3,\\\"scale_time\\\":20,\\\"predicts_noise\\\":false}\","
        "\"sordino.name\":\"Caf\xC3\xA9\",\"sordino.licence\":\"CC0-1.0\",\"mine\":\"a\\nb\"}}",
        "", 0);
    sordino_model *const m = opened(&f);
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    char digits[17];
    for (size_t i = 0; i < f.size; i++)
        hash = (hash ^ f.bytes[i]) * UINT64_C(0x100000001B3);
    snprintf(digits, sizeof digits, "%08lx%08lx", (unsigned long)(hash >> 32),
             (unsigned long)(hash & 0xFFFFFFFFu));
    assert_string_equal(sordino_model_hash(m), digits);
    assert_string_equal(sordino_model_name(m), "Caf\xC3\xA9");
    assert_string_equal(sordino_model_licence(m), "CC0-1.0");
    assert_string_equal(sordino_model_metadata(m, "mine"), "a\nb");
    assert_null(sordino_model_metadata(m, "yours"));
    assert_int_equal(sordino_model_parameters(m), 0);
    assert_false(sordino_model_is_stft(m));
    assert_true(sordino_model_rate(m) == 5.5);
    assert_int_equal(sordino_model_latency(m, 5.5), 4 - 1 + 3);
    assert_int_equal(sordino_model_latency(m, 1e6), 4 - 1 + 3);
    assert_true(m->front.scale_time == 20.0);
    assert_false(m->front.predicts_noise);
    sordino_model_free(m);
    sordino_model_free(NULL);
    free(f.bytes);
}

static void nothing_asked_of_no_model_is_answered(void **state)
{
    (void)state;
    const file f = dense_file();
    sordino_model *const m = opened(&f);
    sordino_error why;
    assert_string_equal(sordino_model_name(m), "");
    assert_int_equal(sordino_model_parameters(m), 6);
    assert_null(sordino_model_metadata(m, NULL));
    sordino_model_free(m);
    free(f.bytes);
    assert_string_equal(sordino_model_name(NULL), "");
    assert_string_equal(sordino_model_hash(NULL), "");
    assert_int_equal(sordino_model_latency(NULL, 48000.0), 0);
    assert_int_equal(sordino_model_open_bytes("", 0, NULL, &why), SORDINO_BAD_ARG);
    assert_string_equal(why.text, "There is no place for the model");
    sordino_model *none;
    assert_int_equal(sordino_model_open_bytes(NULL, 9, &none, &why), SORDINO_BAD_ARG);
    assert_string_equal(why.text, "There are no bytes to read");
    assert_int_equal(sordino_model_open_path("/nowhere/a.safetensors", &none, &why),
                     SORDINO_NOT_FOUND);
    assert_null(none);
}

static void a_band_models_latency_is_that_of_its_window(void **state)
{
    (void)state;
    const file f = file_with(
        "1.0", GRAPH(4, RELU),
        STFT_FRONT("0.02", "0.01", "[0,1000,2000,4000]", "[" LEVEL "]", "0.1", "1.5", "0", "0"),
        NULL, 0);
    sordino_model *const m = opened(&f);
    assert_true(sordino_model_is_stft(m));
    assert_true(sordino_model_rate(m) == 0.0);
    const double rates[] = {8000.0, 16000.0, 44100.0, 48000.0, 192000.0};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        stft_geometry geometry;
        assert_int_equal(stft_geometry_init(rates[i], 0.02, 0.01, &geometry, NULL), SORDINO_OK);
        assert_int_equal(sordino_model_latency(m, rates[i]), stft_delay(&geometry));
    }
    assert_int_equal(sordino_model_latency(m, 48000.0), 960);
    assert_int_equal(sordino_model_latency(m, 1.0), 0);
    sordino_model_free(m);
    free(f.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_that_break_the_rules_are_refused),
        cmocka_unit_test(a_wrong_header_length_is_refused),
        cmocka_unit_test(too_much_of_anything_is_refused),
        cmocka_unit_test(halves_are_read_as_floats),
        cmocka_unit_test(weights_that_are_not_finite_are_refused),
        cmocka_unit_test(front_ends_that_break_the_rules_are_refused),
        cmocka_unit_test(graphs_that_break_the_rules_are_refused),
        cmocka_unit_test(what_the_graph_refuses_is_refused),
        cmocka_unit_test(tensors_must_be_those_the_graph_needs),
        cmocka_unit_test(a_graph_that_would_take_too_much_memory_is_refused),
        cmocka_unit_test(a_negative_variance_is_refused),
        cmocka_unit_test(a_newer_minor_may_bring_keys_but_no_ops),
        cmocka_unit_test(a_model_tells_what_its_file_says),
        cmocka_unit_test(nothing_asked_of_no_model_is_answered),
        cmocka_unit_test(a_band_models_latency_is_that_of_its_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
