# A server that takes its sockets as systemd passes them, for the tests of
# overseer.Command. The test writes two lines before this: VERSION and FAULT.
import fcntl, http.server, json, os, signal, socket, sys, threading, time


def say(*words):
    line = " ".join(str(w) for w in ("server", VERSION, os.getpid(), *words)) + "\n"
    os.write(2, line.encode())  # in one piece, as others write there too


def notify(text):
    name = os.environ["NOTIFY_SOCKET"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text.encode(), "\0" + name[1:] if name[0] == "@" else name)


if FAULT == "exits":
    say("cannot start")
    sys.exit(3)
if "--version" in sys.argv:
    print(VERSION)
    sys.exit(9 if FAULT == "check" else 0)

ending, paused = threading.Event(), threading.Event()
asked = 0
count = int(os.environ["LISTEN_FDS"])
listeners = [socket.socket(fileno=3 + i) for i in range(count)]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        bad = FAULT == "unhealthy" or FAULT == "becomes unhealthy" and asked > 0 and "OVERSEER_REHEARSAL" not in os.environ
        asked += self.path == "/healthz"
        if self.path == "/slow":
            say("answers slowly")
            time.sleep(0.3)
        if self.path == "/seen":
            body = json.dumps(seen()).encode()
        else:
            body = (VERSION + "\n").encode()
        self.send_response(503 if bad and self.path == "/healthz" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", VERSION)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def seen():
    pidfd = os.pidfd_open(os.getpid())
    id = os.fstat(pidfd).st_ino
    os.close(pidfd)
    return {
        "pid": os.getpid(),
        "argv": sys.argv,
        "pidfdid": id,
        "blocking": blocking,
        "environ": {k: v for k, v in os.environ.items() if k.startswith(("LISTEN_", "OVERSEER_", "NOTIFY_", "TEST_MARK"))},
        "descriptors": descriptors,
        "cwd": os.getcwd(),
    }


descriptors = {}
for fd in range(3, 64):
    try:
        descriptors[fd] = os.readlink("/proc/self/fd/%d" % fd).split(":")[0]
    except OSError:
        pass
blocking = [not fcntl.fcntl(l, fcntl.F_GETFL) & os.O_NONBLOCK for l in listeners]

servers = []
for l in listeners:
    l.setblocking(False)  # another generation may be quicker at accepting
    s = http.server.ThreadingHTTPServer(l.getsockname(), Handler, bind_and_activate=False)
    s.socket.close()
    s.socket, s.daemon_threads, s.timeout = l, False, 0.05
    servers.append(s)


def serve(server):
    while not ending.is_set():
        if paused.is_set():
            ending.wait(0.02)
        else:
            server.handle_request()


if FAULT == "leaves a child":
    if os.fork() == 0:
        say("child")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)
if FAULT == "never ready":
    say("hangs")
    time.sleep(3600)
if FAULT == "waits for a word":
    say("at", os.environ["NOTIFY_SOCKET"])
    while not os.path.exists(os.path.join(os.path.dirname(sys.argv[0]), "word")):
        time.sleep(0.01)
# All signals are taken by the main thread, in turn: none meets a lock.
signals = {signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
threads = [threading.Thread(target=serve, args=(s,)) for s in servers]
for t in threads:
    t.start()
say("serves", *[l.getsockname() for l in listeners])
if FAULT != "says nothing":
    notify("MAINPID=1\nSTATUS=version %s is there\nREADY=1" % VERSION)
while not ending.is_set():
    match signal.sigwait(signals):
        case signal.SIGUSR1:
            paused.set()
            say("standby")
        case signal.SIGALRM:
            paused.clear()
            say("resume")
        case signal.SIGTERM:
            say("SIGTERM")
            ending.set()
if FAULT == "slow to end":
    notify("EXTEND_TIMEOUT_USEC=60000000")
    time.sleep(4)
for t in threads:
    t.join()
for s in servers:
    s.server_close()
say("ends")
