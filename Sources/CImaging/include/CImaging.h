// libpng and libjpeg report an error by longjmp(3), which must not cross a frame of Swift's: here it ends.
#pragma once

#include <stddef.h>
#include <stdint.h>

// How a decoding ended.
enum sqz_ending {
    SQZ_WHOLE,
    // The bytes end before the picture does.
    SQZ_CUT_OFF,
    // The bytes are there and not what they should be.
    SQZ_BROKEN,
};

struct sqz_decoding {
    enum sqz_ending ending;
    // Where it is not whole: rows of which something was there, at least coarsely.
    uint32_t rows;
    // Where it is not whole: the library's own word.
    char message[256];
};

// Both decode into height rows of width pixels of so many bytes, without gaps. A picture whose size is not this one is
// broken.

// 3 bytes are RGB, 4 RGBA. 16 bits lose the lower 8.
struct sqz_decoding sqz_png_decode(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, uint8_t *pixels);

// 3 bytes are RGB, 4 CMYK as the file has it, YCCK turned into CMYK.
struct sqz_decoding sqz_jpeg_decode(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, int channels, uint8_t *pixels);
