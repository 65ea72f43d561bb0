#include "CImaging.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

struct decoder {
    const uint8_t *bytes;
    size_t left;
    // Whether more was asked for than there is.
    int is_at_end;
    struct sqz_decoding result;
};

static void take(png_structp png, png_bytep target, size_t count) {
    struct decoder *decoder = png_get_io_ptr(png);
    if (count > decoder->left) {
        decoder->is_at_end = 1;
        png_error(png, "the bytes end");
    }
    memcpy(target, decoder->bytes, count);
    decoder->bytes += count;
    decoder->left -= count;
}

static void fail(png_structp png, png_const_charp message) {
    struct decoder *decoder = png_get_error_ptr(png);
    decoder->result.ending = decoder->is_at_end ? SQZ_CUT_OFF : SQZ_BROKEN;
    snprintf(decoder->result.message, sizeof decoder->result.message, "%s", message);
    png_longjmp(png, 1);
}

// Of chunks that are not needed, and of what is too much.
static void pass_over(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

// A function of its own: what `decode` changes after setjmp is none of its own variables.
static void read_rows(
    png_structp png, png_infop info, struct decoder *decoder, uint32_t width, uint32_t height, int channels,
    uint8_t *pixels) {
    size_t pitch = (size_t)width * (size_t)channels;
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != pitch) png_error(png, "its rows are of another size");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t row = 0; row < height; row++) {
            decoder->result.rows = pass == 0 ? row : height;
            png_read_row(png, pixels + row * pitch, NULL);
        }
    }
    decoder->result.ending = SQZ_WHOLE;
}

static void decode(
    png_structp png, png_infop info, struct decoder *decoder, uint32_t width, uint32_t height, int channels,
    uint8_t *pixels) {
    if (setjmp(png_jmpbuf(png))) return;
    png_set_read_fn(png, decoder, take);
    // Profiles, gamma, texts and the like are not even decompressed.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(png, info);
    if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) {
        png_error(png, "its size is said twice");
    }
    png_set_expand(png);
    // As Pillow reads it: png_set_scale_16 would round.
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
    if (channels == 4) {
        png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
    } else {
        png_set_strip_alpha(png);
    }
    read_rows(png, info, decoder, width, height, channels, pixels);
}

struct sqz_decoding sqz_png_decode(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, uint8_t *pixels) {
    struct decoder decoder = {.bytes = bytes, .left = count, .result = {.ending = SQZ_BROKEN, .message = "no memory"}};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, fail, pass_over);
    if (png == NULL) return decoder.result;
    png_infop info = png_create_info_struct(png);
    if (info != NULL) decode(png, info, &decoder, width, height, channels, pixels);
    png_destroy_read_struct(&png, &info, NULL);
    return decoder.result;
}
