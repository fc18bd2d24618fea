package served

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Bye is what an echoed connection is told when its generation ends.
const Bye = "bye"

// parting is how long a client has to close after it was told.
const parting = 10 * time.Second

// upgrade leaves HTTP.
func upgrade(ctx context.Context, w http.ResponseWriter, version string) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusHTTPVersionNotSupported)
		return
	}
	defer conn.Close()
	io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"+VersionHeader+": "+version+"\r\n\r\n")
	if rw.Flush() != nil {
		return
	}
	echo(ctx, conn, rw.Reader, version)
}

// Echo answers lines on all connections of a listener until it is closed, and
// returns when they have ended.
func Echo(ctx context.Context, l net.Listener, version string) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		all.Go(func() {
			defer conn.Close()
			echo(ctx, conn, bufio.NewReader(conn), version)
		})
	}
}

// echo answers each line with the version and the line. After the end of ctx it
// says Bye, once, and answers on until the client closes.
func echo(ctx context.Context, conn net.Conn, in *bufio.Reader, version string) {
	var mu sync.Mutex // of what is written
	defer context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		conn.SetDeadline(time.Now().Add(parting))
		io.WriteString(conn, Bye+"\n")
	})()
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		answer := make([]byte, 0, 64)
		answer = append(append(append(answer, version...), ' '), line...)
		mu.Lock()
		_, err = conn.Write(answer)
		mu.Unlock()
		if err != nil {
			return
		}
	}
}
