/* Classifies a picture and prints its three likeliest classes:
 *
 *     cc -Wall -Wextra -O2 -o classify classify.c $(pkg-config --cflags --libs jansson)
 *     ./classify photo.jpg [MODEL]
 *
 * It is an example of Varlink in C: a call is a JSON object and a NUL byte, on a Unix socket; so is its reply. The socket is
 * $SQZD_SOCKET, else /run/sqzd/io.sqzd. protocol/README.md says more, protocol/io.sqzd.Inference.varlink what may be asked.
 * Exit status: 0 done, 1 the daemon refused, 64 wrong usage, 66 no such picture, 69 no daemon (sysexits(3)). */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

/* Bytes. The daemon takes no larger picture, and sends no larger message. */
enum { LARGEST_PICTURE = 12000000, LARGEST_MESSAGE = 16 << 20 };

static _Noreturn void fail(int status, const char *format, ...) {
    va_list words;
    va_start(words, format);
    fputs("classify: ", stderr);
    vfprintf(stderr, format, words);
    fputc('\n', stderr);
    va_end(words);
    exit(status);
}

static void *allocated(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) fail(EX_OSERR, "no memory for %zu bytes", size);
    return memory;
}

/* A whole file, which the caller frees. */
static unsigned char *read_picture(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
    unsigned char *bytes = allocated(LARGEST_PICTURE + 1);
    *size = fread(bytes, 1, LARGEST_PICTURE + 1, file);
    if (ferror(file)) fail(EX_NOINPUT, "%s: %s", path, strerror(errno));
    fclose(file);
    if (*size > LARGEST_PICTURE) fail(EX_DATAERR, "%s: has more than %d bytes", path, LARGEST_PICTURE);
    return bytes;
}

/* RFC 4648, section 4; the caller frees it. */
static char *base64(const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = allocated((size + 2) / 3 * 4 + 1), *end = text;
    for (size_t i = 0; i < size; i += 3) {
        unsigned group = bytes[i] << 16;
        if (i + 1 < size) group |= bytes[i + 1] << 8;
        if (i + 2 < size) group |= bytes[i + 2];
        *end++ = digits[group >> 18];
        *end++ = digits[group >> 12 & 63];
        *end++ = i + 1 < size ? digits[group >> 6 & 63] : '=';
        *end++ = i + 2 < size ? digits[group & 63] : '=';
    }
    *end = '\0';
    return text;
}

static int connect_to_daemon(void) {
    const char *path = getenv("SQZD_SOCKET");
    if (path == NULL || *path == '\0') path = "/run/sqzd/io.sqzd";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) fail(EX_USAGE, "%s: is too long for a socket's path", path);
    strcpy(address.sun_path, path);
    int daemon = socket(AF_UNIX, SOCK_STREAM, 0);
    if (daemon < 0 || connect(daemon, (struct sockaddr *)&address, sizeof address) < 0)
        fail(EX_UNAVAILABLE, "no daemon at %s: %s", path, strerror(errno));
    return daemon;
}

/* Sends a message with the NUL that ends it. */
static void send_message(int daemon, const char *text) {
    for (size_t left = strlen(text) + 1; left > 0;) {
        /* Who went away is an error here, and no signal. */
        ssize_t sent = send(daemon, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail(EX_UNAVAILABLE, "the daemon was lost: %s", strerror(errno));
        text += sent;
        left -= sent;
    }
}

/* One message; there is no other behind it, since nothing else was asked. */
static json_t *receive_message(int daemon) {
    size_t size = 0, room = 1 << 16;
    char *text = allocated(room);
    do {
        if (size == room) {
            if (room >= LARGEST_MESSAGE) fail(EX_PROTOCOL, "the reply is larger than a message may be");
            if ((text = realloc(text, room *= 2)) == NULL) fail(EX_OSERR, "no memory for %zu bytes", room);
        }
        ssize_t count = read(daemon, text + size, room - size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail(EX_UNAVAILABLE, "the daemon was lost: %s", count < 0 ? strerror(errno) : "it went away");
        size += count;
    } while (size == 0 || text[size - 1] != '\0');
    json_error_t error;
    json_t *message = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (message == NULL) fail(EX_PROTOCOL, "the reply is not JSON: %s", error.text);
    free(text);
    return message;
}

/* What a reply's parameters are; says what an error is, and ends. */
static json_t *parameters_of(json_t *reply) {
    const char *error = NULL;
    json_t *parameters = NULL;
    if (json_unpack(reply, "{s?s, s?o}", "error", &error, "parameters", &parameters) < 0)
        fail(EX_PROTOCOL, "the reply is not Varlink");
    if (error != NULL) {
        char *told = parameters ? json_dumps(parameters, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        fail(EXIT_FAILURE, "%s %s", error, told ? told : "");
    }
    return parameters;
}

int main(int count, char **words) {
    if (count < 2 || count > 3) fail(EX_USAGE, "right would be: classify PICTURE [MODEL]");
    size_t size;
    unsigned char *picture = read_picture(words[1], &size);
    char *encoded = base64(picture, size);
    free(picture);

    json_t *call = json_pack(
        "{s:s, s:{s:[s], s:i}}", "method", "io.sqzd.Inference.Classify", "parameters", "images", encoded, "top", 3);
    /* Without a model, it is the caller's newest, else the daemon's default. */
    if (call != NULL && count == 3 &&
        json_object_set_new(json_object_get(call, "parameters"), "model", json_string(words[2])) < 0)
        fail(EX_USAGE, "%s: is no UTF-8", words[2]);
    char *text = call ? json_dumps(call, JSON_COMPACT) : NULL;
    if (text == NULL) fail(EX_OSERR, "no memory for the call");
    int daemon = connect_to_daemon();
    send_message(daemon, text);
    json_t *reply = receive_message(daemon), *parameters = parameters_of(reply);
    close(daemon);

    const char *model, *name;
    double probability;
    json_t *classes, *likely;
    size_t index;
    if (json_unpack(parameters, "{s:s, s:[{s:o}]}", "model", &model, "results", "classes", &classes) < 0)
        fail(EX_PROTOCOL, "the reply has no classes");
    printf("%s (%s)\n", words[1], model);
    json_array_foreach(classes, index, likely) {
        if (json_unpack(likely, "{s:s, s:F}", "name", &name, "probability", &probability) < 0)
            fail(EX_PROTOCOL, "class %zu of the reply has no name or no probability", index);
        printf("  %5.1f %%  %s\n", 100 * probability, name);
    }
    json_decref(reply);
    json_decref(call);
    free(text);
    free(encoded);
    return EXIT_SUCCESS;
}
