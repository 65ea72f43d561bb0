// AMX: eight registers of up to 16 rows of 64 bytes, and products of bytes between them. With SQZ_EMULATED, what the manual says that
// these instructions do, for machines without; what would raise a fault ends the program. Numbers of tiles are constants.
#ifndef TILES_H
#define TILES_H

enum { TILES = 8, TILE_ROWS = 16, TILE_BYTES = 64 };

// What ldtilecfg reads. Tiles from 8 on do not exist and have no size.
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16]; // of a row
    uint8_t rows[16];
} tile_shapes;
_Static_assert(sizeof(tile_shapes) == 64, "as the manual has it");

#if !defined(SQZ_EMULATED)
#define tiles_configure(shapes) _tile_loadconfig(shapes)
#define tiles_release() _tile_release()
#define tile_load(tile, from, pitch) _tile_loadd(tile, from, pitch)
#define tile_store(tile, to, pitch) _tile_stored(tile, to, pitch)
// Lanes of 32 bits of `sum` += four unsigned bytes of a row of x times four signed ones of a column of w.
#define tile_dot(sum, x, w) _tile_dpbusd(sum, x, w)
#else
static _Thread_local struct {
    tile_shapes shapes;
    uint8_t data[TILES][TILE_ROWS][TILE_BYTES];
} tiles;

static void fault_unless(int condition) {
    if (!condition) abort();
}

static void fault_unless_configured(int tile) {
    fault_unless(tiles.shapes.palette == 1 && tile >= 0 && tile < TILES && tiles.shapes.rows[tile]);
}

static void tiles_configure(const tile_shapes *shapes) {
    fault_unless(shapes->palette == 1 && !shapes->start_row);
    for (int i = 0; i < 14; i++) fault_unless(!shapes->reserved[i]);
    for (int i = 0; i < 16; i++) {
        fault_unless(shapes->rows[i] <= TILE_ROWS && shapes->bytes[i] <= TILE_BYTES && !shapes->rows[i] == !shapes->bytes[i]);
        fault_unless(i < TILES || !shapes->rows[i]);
    }
    memset(&tiles, 0, sizeof tiles);
    tiles.shapes = *shapes;
}

static void tiles_release(void) { memset(&tiles, 0, sizeof tiles); }

static void tile_load(int tile, const void *from, ptrdiff_t pitch) {
    fault_unless_configured(tile);
    memset(tiles.data[tile], 0, sizeof tiles.data[tile]);
    for (int row = 0; row < tiles.shapes.rows[tile]; row++)
        memcpy(tiles.data[tile][row], (const uint8_t *)from + row * pitch, tiles.shapes.bytes[tile]);
}

static void tile_store(int tile, void *to, ptrdiff_t pitch) {
    fault_unless_configured(tile);
    for (int row = 0; row < tiles.shapes.rows[tile]; row++)
        memcpy((uint8_t *)to + row * pitch, tiles.data[tile][row], tiles.shapes.bytes[tile]);
}

static void tile_dot(int sum, int x, int w) {
    fault_unless_configured(sum), fault_unless_configured(x), fault_unless_configured(w);
    const tile_shapes *s = &tiles.shapes;
    fault_unless(sum != x && x != w && w != sum);
    fault_unless(s->bytes[sum] % 4 == 0 && s->bytes[x] % 4 == 0 && s->bytes[w] % 4 == 0);
    fault_unless(s->rows[sum] == s->rows[x] && s->bytes[x] / 4 == s->rows[w] && s->bytes[sum] == s->bytes[w]);
    for (int row = 0; row < s->rows[sum]; row++)
        for (int column = 0; column < s->bytes[sum] / 4; column++) {
            int32_t lane;
            memcpy(&lane, tiles.data[sum][row] + 4 * column, 4);
            for (int k = 0; k < s->bytes[x]; k++)
                lane += tiles.data[x][row][k] * (int8_t)tiles.data[w][k / 4][4 * column + k % 4];
            memcpy(tiles.data[sum][row] + 4 * column, &lane, 4);
        }
}
#endif

#endif
