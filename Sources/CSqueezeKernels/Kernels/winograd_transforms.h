// The one-dimensional transforms of Winograd's F(4,3), their adjoints, those of the filters, and the pool that may follow an output.
//
// Evaluation at 0, A, -A, B, -B and infinity with A = 2/3, B = 3/2: these halve the rounding errors of the usual 0, 1, -1, 2, -2
// (Tests/Fixtures/engine/winograd_points.py measures them), and A * B = 1 saves multiplications. The rows of G for A and B carry
// a factor A and B more than Lavin's, the columns of A^T one less.
#ifndef WINOGRAD_TRANSFORMS_H
#define WINOGRAD_TRANSFORMS_H

enum { PLACES = 36 }; // of a 6x6 tile

#define A1 (2.0f / 3)
#define A2 (4.0f / 9)
#define B1 (3.0f / 2)
#define B2 (9.0f / 4)
#define A2_B2 (97.0f / 36) // A^2 + B^2

INLINE void transform_input(const vec d[6], vec out[6]) { // B^T d
    vec even_a = d[4] - B2 * d[2], odd_a = d[3] - B2 * d[1], even_b = d[4] - A2 * d[2], odd_b = d[3] - A2 * d[1];
    out[0] = d[0] + d[4] - A2_B2 * d[2];
    out[1] = even_a + A1 * odd_a;
    out[2] = even_a - A1 * odd_a;
    out[3] = even_b + B1 * odd_b;
    out[4] = even_b - B1 * odd_b;
    out[5] = d[1] + d[5] - A2_B2 * d[3];
}

INLINE void transform_output(const vec m[6], vec out[4]) { // A^T m
    vec sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    out[0] = m[0] + B1 * sum_a + A1 * sum_b;
    out[1] = difference_a + difference_b;
    out[2] = A1 * sum_a + B1 * sum_b;
    out[3] = m[5] + A2 * difference_a + B2 * difference_b;
}

// The maximum of a 2x2 window with its bias, cut off below, and its place.
INLINE void pool_window(vec a, vec b, vec c, vec d, vec bias, float least, float *y, uint8_t *place) {
    vec upper = larger(b, a), lower = larger(d, c);
    store(y, at_least(least, larger(lower, upper) + bias));
    if (!place) return;
    ivec in_lower = lower > upper, first = -(b > a), second = 2 - (d > c);
    *(bytes *)place = __builtin_convertvector((second & in_lower) | (first & ~in_lower), bytes);
}

// Two rows of outputs, of which `columns` windows are inside the map, through a 2x2 max pool.
INLINE void pool_outputs(const vec rows[2][6], int columns, vec bias, float least, float *y, uint8_t *place) {
    vec upper[4], lower[4];
    transform_output(rows[0], upper);
    transform_output(rows[1], lower);
    UNROLL
    for (int x = 0; x < 2; x++)
        if (x < columns)
            pool_window(upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1], bias, least, y + x * P,
                        place ? place + x * P : place);
}

INLINE void adjoint_output(const vec y[4], vec out[6]) { // A y
    vec even_a = B1 * y[0] + A1 * y[2], odd_a = y[1] + A2 * y[3], even_b = A1 * y[0] + B1 * y[2], odd_b = y[1] + B2 * y[3];
    out[0] = y[0];
    out[1] = even_a + odd_a;
    out[2] = even_a - odd_a;
    out[3] = even_b + odd_b;
    out[4] = even_b - odd_b;
    out[5] = y[3];
}

INLINE void adjoint_input(const vec v[6], vec out[6]) { // B v
    vec sum_a = v[1] + v[2], difference_a = v[1] - v[2], sum_b = v[3] + v[4], difference_b = v[3] - v[4];
    out[0] = v[0];
    out[1] = v[5] - B1 * difference_a - A1 * difference_b;
    out[2] = -A2_B2 * v[0] - B2 * sum_a - A2 * sum_b;
    out[3] = A1 * difference_a + B1 * difference_b - A2_B2 * v[5];
    out[4] = v[0] + sum_a + sum_b;
    out[5] = v[5];
}

INLINE void transform_filter(const vec g[3], vec out[6]) { // G g
    vec even_a = g[0] + A2 * g[2], odd_a = A1 * g[1], even_b = g[0] + B2 * g[2], odd_b = B1 * g[1];
    out[0] = g[0];
    out[1] = (-27.0f / 65) * (even_a + odd_a);
    out[2] = (-27.0f / 65) * (even_a - odd_a);
    out[3] = (12.0f / 65) * (even_b + odd_b);
    out[4] = (12.0f / 65) * (even_b - odd_b);
    out[5] = g[2];
}

INLINE void adjoint_filter(const vec u[6], vec out[3]) { // G^T u
    vec sum_a = u[1] + u[2], difference_a = u[1] - u[2], sum_b = u[3] + u[4], difference_b = u[3] - u[4];
    out[0] = u[0] - (27.0f / 65) * sum_a + (12.0f / 65) * sum_b;
    out[1] = (18.0f / 65) * (difference_b - difference_a);
    out[2] = u[5] - (12.0f / 65) * sum_a + (27.0f / 65) * sum_b;
}

#endif
