#include "CImaging.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

// Progressive pictures have about ten. Each costs as much as the whole picture, and may have no bytes to speak of.
enum { LARGEST_SCAN = 100 };

_Static_assert(sizeof((struct sqz_decoding){0}.message) >= JMSG_LENGTH_MAX, "libjpeg's messages fit");

struct decoder {
    // First, so that it is found from what libjpeg passes.
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    // Whether more was asked for than there is; libjpeg then goes on as at the end of a picture.
    int is_at_end;
    struct sqz_decoding result;
};

static struct decoder *decoder_of(j_common_ptr jpeg) { return (struct decoder *)jpeg->err; }

static _Noreturn void leave(struct decoder *decoder) {
    j_decompress_ptr jpeg = &decoder->jpeg;
    decoder->result.ending = decoder->is_at_end ? SQZ_CUT_OFF : SQZ_BROKEN;
    // Later scans refine rows that are there.
    size_t rows = jpeg->input_scan_number > 1
                      ? jpeg->image_height
                      : (size_t)jpeg->input_iMCU_row * (size_t)jpeg->max_v_samp_factor * DCTSIZE;
    decoder->result.rows = rows < jpeg->image_height ? (uint32_t)rows : jpeg->image_height;
    longjmp(decoder->back, 1);
}

static void fail(j_common_ptr jpeg) {
    jpeg->err->format_message(jpeg, decoder_of(jpeg)->result.message);
    leave(decoder_of(jpeg));
}

// Warnings that leave a hole in the picture are errors.
static void heed(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
        decoder_of(jpeg)->is_at_end = 1;
        break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        fail(jpeg);
    }
}

static void say_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void count_scans(j_common_ptr jpeg) {
    struct decoder *decoder = decoder_of(jpeg);
    if (decoder->jpeg.input_scan_number <= LARGEST_SCAN) return;
    snprintf(decoder->result.message, sizeof decoder->result.message, "more than %d scans", LARGEST_SCAN);
    leave(decoder);
}

// Whether no scan is missing after those that there were.
static int is_refined(j_decompress_ptr jpeg) {
    if (jpeg->coef_bits == NULL) return !jpeg_has_multiple_scans(jpeg);
    for (int component = 0; component < jpeg->num_components; component++) {
        for (int place = 0; place < DCTSIZE2; place++) {
            if (jpeg->coef_bits[component][place] != 0) return 0;
        }
    }
    return 1;
}

static void decode(
    struct decoder *decoder, const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels,
    uint8_t *pixels) {
    j_decompress_ptr jpeg = &decoder->jpeg;
    if (setjmp(decoder->back)) return;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &decoder->progress;
    jpeg_mem_src(jpeg, bytes, count);
    jpeg_read_header(jpeg, TRUE);
    jpeg->out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_calc_output_dimensions(jpeg);
    if (jpeg->output_width != width || jpeg->output_height != height || jpeg->output_components != channels) {
        snprintf(decoder->result.message, sizeof decoder->result.message, "its size is said twice");
        leave(decoder);
    }
    // Of a picture of several scans this reads all.
    jpeg_start_decompress(jpeg);
    if (decoder->is_at_end && !is_refined(jpeg)) {
        snprintf(decoder->result.message, sizeof decoder->result.message, "scans are missing");
        leave(decoder);
    }
    while (jpeg->output_scanline < height) {
        JSAMPROW row = pixels + (size_t)jpeg->output_scanline * width * (size_t)channels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    decoder->result.ending = SQZ_WHOLE;
}

struct sqz_decoding sqz_jpeg_decode(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, uint8_t *pixels) {
    struct decoder decoder = {.progress = {.progress_monitor = count_scans}};
    decoder.jpeg.err = jpeg_std_error(&decoder.errors);
    decoder.errors.error_exit = fail;
    decoder.errors.emit_message = heed;
    decoder.errors.output_message = say_nothing;
    decode(&decoder, bytes, count, width, height, channels, pixels);
    jpeg_destroy_decompress(&decoder.jpeg);
    return decoder.result;
}
