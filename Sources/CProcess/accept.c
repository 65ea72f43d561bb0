#define _GNU_SOURCE
#include "CProcess.h"

#include <sys/socket.h>

int sqz_accept(int socket) { return accept4(socket, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }
