#include "common/sound/wav_io.h"
#include "common/byte_io.h"
#include "common/fail.h"
#include "common/sound/matrix.h"
#include "common/sound/pcm.h"

#include <sordino/sordino.h>

#include <sndfile.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Above this a WAV becomes an RF64, with room for metadata below 4 GiB. */
static const double most_wav_bytes = 4294967296.0 - 16777216.0;

enum { PART = 4096 }; /* samples converted at a time */

typedef struct name {
    const char *text;
    int value;
} name;

static const name formats[] = {
    {"wav", SF_FORMAT_WAV},   {"wavex", SF_FORMAT_WAVEX}, {"rf64", SF_FORMAT_RF64},
    {"w64", SF_FORMAT_W64},   {"flac", SF_FORMAT_FLAC},   {"aiff", SF_FORMAT_AIFF},
    {"aif", SF_FORMAT_AIFF},  {"au", SF_FORMAT_AU},       {"snd", SF_FORMAT_AU},
    {"caf", SF_FORMAT_CAF},   {"ogg", SF_FORMAT_OGG},     {"oga", SF_FORMAT_OGG},
    {"opus", SF_FORMAT_OGG},  {"voc", SF_FORMAT_VOC},     {"mat", SF_FORMAT_MAT5},
    {"nist", SF_FORMAT_NIST}, {"mp3", SF_FORMAT_MPEG},    {"raw", SF_FORMAT_RAW},
};

static const name subtypes[] = {
    {"pcm_s8", SF_FORMAT_PCM_S8},     {"pcm_u8", SF_FORMAT_PCM_U8},
    {"pcm_16", SF_FORMAT_PCM_16},     {"pcm_24", SF_FORMAT_PCM_24},
    {"pcm_32", SF_FORMAT_PCM_32},     {"float", SF_FORMAT_FLOAT},
    {"double", SF_FORMAT_DOUBLE},     {"ulaw", SF_FORMAT_ULAW},
    {"alaw", SF_FORMAT_ALAW},         {"ima_adpcm", SF_FORMAT_IMA_ADPCM},
    {"ms_adpcm", SF_FORMAT_MS_ADPCM}, {"alac_16", SF_FORMAT_ALAC_16},
    {"alac_24", SF_FORMAT_ALAC_24},   {"vorbis", SF_FORMAT_VORBIS},
    {"opus", SF_FORMAT_OPUS},         {"mp3", SF_FORMAT_MPEG_LAYER_III},
};

enum {
    N_FORMATS = sizeof formats / sizeof *formats,
    N_SUBTYPES = sizeof subtypes / sizeof *subtypes
};

typedef struct wav_source {
    source base;
    SNDFILE *file;
} wav_source;

typedef struct wav_sink {
    sink base;
    SNDFILE *file;
    output *to;
    uint32_t channels;
    bool whole_numbers; /* integer PCM: converted here, with dither */
    bool clips;         /* another format that ends at full scale */
    pcm pcm;
    int32_t ints[PART];
} wav_sink;

static int value_of(const name *names, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(names[i].text, text) == 0)
            return names[i].value;
    return 0;
}

static const char *name_of(const name *names, size_t n, int value)
{
    for (size_t i = 0; i < n; i++)
        if (names[i].value == value)
            return names[i].text;
    return "";
}

bool wav_is_format(const char *text)
{
    return value_of(formats, N_FORMATS, text) != 0;
}

bool wav_is_subtype(const char *text)
{
    return value_of(subtypes, N_SUBTYPES, text) != 0;
}

const char *wav_formats(void)
{
    return "wav, wavex, rf64, w64, flac, aiff, au, caf, ogg, opus, voc, mat, nist, mp3, raw";
}

const char *wav_subtypes(void)
{
    return "pcm_s8, pcm_u8, pcm_16, pcm_24, pcm_32, float, double, ulaw, alaw, ima_adpcm, "
           "ms_adpcm, alac_16, alac_24, vorbis, opus, mp3";
}

static int bits_of(int subtype)
{
    switch (subtype) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
        return 8;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ALAC_16:
        return 16;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24:
        return 24;
    case SF_FORMAT_PCM_32:
        return 32;
    default:
        return 0;
    }
}

/* Reading. */

/* "Error : flac decoder lost sync." to "flac decoder lost sync". */
static const char *plain(const char *text, char room[80])
{
    static const char lead[] = "Error : ";
    snprintf(room, 80, "%s", strncmp(text, lead, sizeof lead - 1) ? text : text + sizeof lead - 1);
    const size_t n = strlen(room);
    if (n > 0 && room[n - 1] == '.')
        room[n - 1] = '\0';
    return room;
}

static sordino_status read_wav(source *s, float *to, size_t n, size_t *got, sordino_error *why)
{
    wav_source *const self = (wav_source *)s;
    char room[80];
    const sf_count_t done = sf_readf_float(self->file, to, (sf_count_t)n);
    *got = done > 0 ? (size_t)done : 0;
    if (*got < n && sf_error(self->file))
        return fail(why, SORDINO_IO, "cannot be read on (%s); --salvage keeps what comes before",
                    plain(sf_strerror(self->file), room));
    return SORDINO_OK;
}

static void close_wav_source(source *s)
{
    wav_source *const self = (wav_source *)s;
    if (self->file)
        sf_close(self->file);
    free(self);
}

static sordino_status fail_not_audio(int code, sordino_error *why)
{
    char room[80];
    if (code == SF_ERR_UNRECOGNISED_FORMAT)
        return fail(why, SORDINO_UNSUPPORTED,
                    "is not audio that libsndfile knows; for bare samples add --raw ENCODING, for "
                    "numbers as text --csv");
    return fail(why, SORDINO_UNSUPPORTED,
                "has a damaged or unknown header (%s); write it anew with the program it is from",
                plain(sf_error_number(code), room));
}

/* The library reads what there is of a file cut off, and says so only in its log: in a line of the
 * chunk with the samples, as in "SSND : 160010 (should be 99920)". The log of a WAV is no help; its
 * header is looked at where it is opened. */
static int64_t missing_frames(SNDFILE *file, const SF_INFO *info)
{
    static const char *const lines[] = {"SSND : ", "  Data Size   : ", "riff : "};
    char log[8192] = "";
    const int subtype = info->format & SF_FORMAT_SUBMASK, bits = bits_of(subtype);
    const int64_t bytes = bits ? bits / 8 : subtype == SF_FORMAT_DOUBLE ? 8 : 4;
    sf_command(file, SFC_GET_LOG_INFO, log, sizeof log - 1);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        static const char should[] = " (should be ";
        const char *const at = strstr(log, lines[i]);
        char *end = NULL;
        const long long said = at ? strtoll(at + strlen(lines[i]), &end, 10) : 0;
        const bool told = at && strncmp(end, should, sizeof should - 1) == 0;
        const long long is = told ? strtoll(end + sizeof should - 1, NULL, 10) : 0;
        if (told && said > is && said < UINT32_MAX)
            return (said - is + bytes * info->channels - 1) / (bytes * info->channels);
    }
    return 0;
}

sordino_status wav_open(const char *path, source **out, sordino_error *why)
{
    SF_INFO info = {0};
    int fd = -1;
    *out = NULL;
    sordino_status status = byte_open(path, &fd, why);
    if (!status && matrix_is_no_sound(path))
        status = fail(why, SORDINO_UNSUPPORTED, "%s", matrix_message);
    wav_source *const self = status ? NULL : calloc(1, sizeof *self);
    if (!self) {
        if (fd >= 0)
            close(fd);
        return status ? status : fail_no_memory(why);
    }
    self->file = sf_open_fd(fd, SFM_READ, &info, SF_TRUE); /* closes fd, also when it fails */
    if (!self->file)
        status = fail_not_audio(sf_error(NULL), why);
    else if (info.channels > SORDINO_MAX_CHANNELS)
        status = fail(why, SORDINO_UNSUPPORTED, "has %d channels; up to %d are served",
                      info.channels, SORDINO_MAX_CHANNELS);
    if (status) {
        close_wav_source(&self->base);
        return status;
    }
    self->base = (source){.rate = info.samplerate,
                          .channels = (uint32_t)info.channels,
                          .frames = info.seekable && info.frames >= 0 ? info.frames : -1,
                          .lost = missing_frames(self->file, &info),
                          .format = name_of(formats, N_FORMATS, info.format & SF_FORMAT_TYPEMASK),
                          .subtype = name_of(subtypes, N_SUBTYPES, info.format & SF_FORMAT_SUBMASK),
                          .read = read_wav,
                          .close = close_wav_source};
    *out = &self->base;
    return SORDINO_OK;
}

/* Writing. */

static sf_count_t virtual_size(void *user)
{
    return output_size(user);
}

static sf_count_t virtual_seek(sf_count_t offset, int whence, void *user)
{
    const int64_t from = whence == SEEK_CUR   ? output_place(user)
                         : whence == SEEK_END ? output_size(user)
                                              : 0;
    return output_seek(user, from + offset) ? output_place(user) : -1;
}

static sf_count_t virtual_read(void *to, sf_count_t n, void *user)
{
    return (sf_count_t)output_read_back(user, to, (size_t)n);
}

static sf_count_t virtual_write(const void *from, sf_count_t n, void *user)
{
    return output_write(user, from, (size_t)n) ? n : 0;
}

static sf_count_t virtual_tell(void *user)
{
    return output_place(user);
}

/* The same family under different names: then the source's own format is kept. */
static bool same_family(int a, int b)
{
    const bool riff_a = a == SF_FORMAT_WAV || a == SF_FORMAT_WAVEX || a == SF_FORMAT_RF64;
    const bool riff_b = b == SF_FORMAT_WAV || b == SF_FORMAT_WAVEX || b == SF_FORMAT_RF64;
    return a == b || (riff_a && riff_b);
}

static int pick_format(const wav_target *target, const source *like)
{
    const char *const slash = strrchr(target->path, '/');
    const char *const dot = strrchr(slash ? slash : target->path, '.');
    const int own = value_of(formats, N_FORMATS, like->format);
    const int by_name = dot ? value_of(formats, N_FORMATS, dot + 1) : 0;
    if (target->format)
        return value_of(formats, N_FORMATS, target->format);
    if (own && (!by_name || same_family(own, by_name)))
        return own;
    return by_name ? by_name : SF_FORMAT_WAV;
}

/* The source's subtype where the format has it, or else the nearest without loss, or any. */
static int pick_subtype(int format, const wav_target *target, const source *like, SF_INFO *info)
{
    const int own = value_of(subtypes, N_SUBTYPES, like->subtype);
    const bool fine = own == SF_FORMAT_FLOAT || own == SF_FORMAT_DOUBLE ||
                      own == SF_FORMAT_PCM_24 || own == SF_FORMAT_PCM_32 ||
                      own == SF_FORMAT_ALAC_24;
    const bool opus =
        target->format
            ? strcasecmp(target->format, "opus") == 0
            : strlen(target->path) > 5 && strcasecmp(strrchr(target->path, '\0') - 5, ".opus") == 0;
    const int choice[] = {opus ? SF_FORMAT_OPUS : own,
                          fine ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16,
                          SF_FORMAT_PCM_16,
                          SF_FORMAT_FLOAT,
                          SF_FORMAT_VORBIS,
                          SF_FORMAT_MPEG_LAYER_III,
                          SF_FORMAT_DOUBLE};
    if (target->subtype)
        return value_of(subtypes, N_SUBTYPES, target->subtype);
    for (size_t i = 0; i < sizeof choice / sizeof *choice; i++) {
        info->format = format | choice[i];
        if (choice[i] && sf_format_check(info))
            return choice[i];
    }
    return SF_FORMAT_PCM_16;
}

static bool may_pass_4_gib(const source *like, int subtype)
{
    const int bytes = subtype == SF_FORMAT_DOUBLE ? 8 : bits_of(subtype) ? bits_of(subtype) / 8 : 4;
    return like->frames < 0 || (double)like->frames * like->channels * bytes > most_wav_bytes;
}

/* What libsndfile knows of the file besides its samples; set before the first is written. */
static void copy_metadata(SNDFILE *from, SNDFILE *to)
{
    enum { LARGEST = 1 << 16 };
    static const int structures[][2] = {{SFC_GET_BROADCAST_INFO, SFC_SET_BROADCAST_INFO},
                                        {SFC_GET_CART_INFO, SFC_SET_CART_INFO},
                                        {SFC_GET_INSTRUMENT, SFC_SET_INSTRUMENT},
                                        {SFC_GET_CUE, SFC_SET_CUE}};
    /* The library refuses to set 16 KiB of text or more. */
    static const size_t sizes[] = {sizeof(SF_BROADCAST_INFO) - 256 + 16384 - 8,
                                   sizeof(SF_CART_INFO) - 256 + 16384 - 8, sizeof(SF_INSTRUMENT),
                                   0};
    char *const room = malloc(LARGEST);
    for (int i = SF_STR_FIRST; i <= SF_STR_LAST; i++)
        if (sf_get_string(from, i))
            sf_set_string(to, i, sf_get_string(from, i));
    for (size_t i = 0; room && i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        uint32_t n_cues = 0;
        if (structures[i][0] == SFC_GET_CUE) {
            sf_command(from, SFC_GET_CUE_COUNT, &n_cues, sizeof n_cues);
            size = sizeof n_cues + n_cues * sizeof(SF_CUE_POINT);
            if (n_cues == 0 || n_cues > LARGEST / sizeof(SF_CUE_POINT) - 1)
                continue;
        }
        memset(room, 0, LARGEST);
        if (sf_command(from, structures[i][0], room, (int)size) == SF_TRUE)
            sf_command(to, structures[i][1], room, (int)size);
    }
    free(room);
}

static void copy_channel_map(SNDFILE *from, SNDFILE *to, uint32_t channels)
{
    int map[SORDINO_MAX_CHANNELS];
    const int size = (int)(channels * sizeof *map);
    if (sf_command(from, SFC_GET_CHANNEL_MAP_INFO, map, size) == SF_TRUE)
        sf_command(to, SFC_SET_CHANNEL_MAP_INFO, map, size);
}

static sordino_status write_part(wav_sink *self, const float *from, size_t n)
{
    sf_count_t done;
    if (self->whole_numbers) {
        pcm_convert(&self->pcm, from, self->ints, n);
        done = sf_write_int(self->file, self->ints, (sf_count_t)n);
    } else {
        for (size_t i = 0; self->clips && i < n; i++)
            self->pcm.clipped += from[i] > 1.0f || from[i] < -1.0f;
        done = sf_write_float(self->file, from, (sf_count_t)n);
    }
    self->base.clipped = self->pcm.clipped;
    return done == (sf_count_t)n ? SORDINO_OK : SORDINO_IO;
}

static sordino_status write_wav(sink *s, const float *from, size_t n, sordino_error *why)
{
    wav_sink *const self = (wav_sink *)s;
    const size_t part = PART / self->channels * self->channels;
    for (size_t left = n * self->channels; left > 0;) {
        const size_t now = left < part ? left : part;
        const sordino_status status = write_part(self, from, now);
        if (output_check(self->to, why))
            return SORDINO_IO;
        if (status)
            return fail(why, SORDINO_IO, "cannot be written (%s); try another --format",
                        sf_strerror(self->file));
        from += now;
        left -= now;
    }
    return SORDINO_OK;
}

static sordino_status finish_wav(sink *s, sordino_error *why)
{
    wav_sink *const self = (wav_sink *)s;
    const int code = sf_close(self->file);
    self->file = NULL;
    if (output_check(self->to, why))
        return SORDINO_IO;
    return code == 0 ? SORDINO_OK
                     : fail(why, SORDINO_IO, "cannot be finished (%s); try another --format",
                            sf_error_number(code));
}

static void close_wav_sink(sink *s)
{
    wav_sink *const self = (wav_sink *)s;
    if (self->file)
        sf_close(self->file);
    free(self);
}

static sordino_status open_for_writing(wav_sink *self, SF_INFO *info, bool wide, sordino_error *why)
{
    SF_VIRTUAL_IO io = {virtual_size, virtual_seek, virtual_read, virtual_write, virtual_tell};
    if (!sf_format_check(info))
        return fail(why, SORDINO_UNSUPPORTED,
                    "cannot be %s with %s samples, %d channels at %d Hz; choose another --format "
                    "or --subtype",
                    name_of(formats, N_FORMATS, info->format & SF_FORMAT_TYPEMASK),
                    name_of(subtypes, N_SUBTYPES, info->format & SF_FORMAT_SUBMASK), info->channels,
                    info->samplerate);
    self->file = sf_open_virtual(&io, SFM_WRITE, info, self->to);
    if (output_check(self->to, why))
        return SORDINO_IO;
    if (!self->file)
        return fail(why, SORDINO_UNSUPPORTED, "cannot be written (%s); choose another --format",
                    sf_strerror(NULL));
    /* Its time stamp would make every run's file another. */
    sf_command(self->file, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    sf_command(self->file, SFC_SET_CLIPPING, NULL, SF_TRUE);
    if (wide)
        sf_command(self->file, SFC_RF64_AUTO_DOWNGRADE, NULL, SF_TRUE);
    return SORDINO_OK;
}

sordino_status wav_create(output *to, const wav_target *target, const source *like, sink **out,
                          sordino_error *why)
{
    SF_INFO info = {.samplerate = (int)like->rate, .channels = (int)like->channels};
    int format = pick_format(target, like);
    const int subtype = pick_subtype(format, target, like, &info);
    const bool wide =
        (format == SF_FORMAT_WAV || format == SF_FORMAT_WAVEX) && may_pass_4_gib(like, subtype);
    *out = NULL;
    if (like->rate != floor(like->rate) || like->rate < 1 || like->rate > INT32_MAX)
        return fail(why, SORDINO_UNSUPPORTED,
                    "cannot state a rate of %.9g Hz, only whole ones; use --format raw",
                    like->rate);
    wav_sink *const self = calloc(1, sizeof *self);
    if (!self)
        return fail_no_memory(why);
    info.format = (wide ? SF_FORMAT_RF64 : format) | subtype;
    self->to = to;
    self->channels = like->channels;
    self->whole_numbers = bits_of(subtype) != 0;
    self->clips = subtype == SF_FORMAT_ULAW || subtype == SF_FORMAT_ALAW ||
                  subtype == SF_FORMAT_IMA_ADPCM || subtype == SF_FORMAT_MS_ADPCM;
    pcm_init(&self->pcm, self->whole_numbers ? bits_of(subtype) : 16, target->dither);
    self->base = (sink){.write = write_wav, .finish = finish_wav, .close = close_wav_sink};
    const sordino_status status = open_for_writing(self, &info, wide, why);
    if (status) {
        close_wav_sink(&self->base);
        return status;
    }
    if (like->read == read_wav) {
        SNDFILE *const from = ((const wav_source *)like)->file;
        copy_metadata(from, self->file);
        if (format == value_of(formats, N_FORMATS, like->format))
            copy_channel_map(from, self->file, like->channels);
    }
    *out = &self->base;
    return SORDINO_OK;
}
