// ICU's data, without any: what ICU's own "stubdata" library holds (icu4c/source/stubdata/stubdata.cpp, Unicode License). It stands
// before Foundation's libraries, so that the linker leaves theirs, 32 MB of calendars and names of languages, where it is.
// Foundation is linked for GRDB and swift-protobuf alone; what we say is in no language but English, and its times are our own.
#include <stdalign.h>
#include <stdint.h>

struct no_locale_data {
    uint16_t header_size;
    uint8_t magic[2];
    struct {
        uint16_t size, reserved;
        uint8_t is_big_endian, charset_family, char_size, reserved_byte;
        uint8_t data_format[4], format_version[4], data_version[4];
    } info;
    uint8_t padding[8];
    uint32_t count, reserved;
    struct {
        const char *name;
        const void *data;
    } entry;
};

alignas(16) const struct no_locale_data icudt76_dat = {
    .header_size = 32,
    .magic = {0xda, 0x27},
    .info = {
        .size = sizeof icudt76_dat.info,
        .is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
        .char_size = 2,
        .data_format = {'T', 'o', 'C', 'P'},
        .format_version = {1},
    },
};
