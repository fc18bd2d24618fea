// A server that takes its socket as systemd passes it, by hand and with plain
// system calls. The test defines VERSION.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

static volatile sig_atomic_t ends;

static void end(int sig) { (void)sig; ends = 1; }

static void serve(int conn) {
	char request[4096];
	size_t n = 0;
	while (n < sizeof request - 1) {
		ssize_t got = read(conn, request + n, sizeof request - 1 - n);
		if (got <= 0)
			break;
		n += got;
		request[n] = 0;
		if (strstr(request, "\r\n\r\n"))
			break;
	}
	dprintf(conn, "HTTP/1.1 200 OK\r\nX-Version: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		VERSION, strlen(VERSION), VERSION);
	close(conn);
}

int main(void) {
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	if (!pid || atol(pid) != getpid() || !fds || atoi(fds) != 1) {
		fprintf(stderr, "no socket for process %d: LISTEN_PID=%s LISTEN_FDS=%s\n", getpid(), pid ? pid : "", fds ? fds : "");
		return 1;
	}
	// The signal is let in while nothing is accepted, and at no other time: no
	// connection is left between accept and serve.
	sigset_t block, open;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &open);
	struct sigaction act = {.sa_handler = end};
	sigaction(SIGTERM, &act, NULL);
	fcntl(3, F_SETFL, fcntl(3, F_GETFL) | O_NONBLOCK); // another generation may be quicker
	struct pollfd p = {.fd = 3, .events = POLLIN};
	while (!ends) {
		if (ppoll(&p, 1, NULL, &open) < 0)
			continue;
		int conn = accept4(3, NULL, NULL, SOCK_CLOEXEC);
		if (conn >= 0)
			serve(conn);
	}
	return 0;
}
