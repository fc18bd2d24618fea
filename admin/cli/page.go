package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

var pageCommand = Command{
	Name: "page", About: "open the status page to a browser on this machine, until Ctrl-C",
	Text: `
It listens on a port of 127.0.0.1, and passes on to the master's socket what has the
token that is part of the printed URL; whoever has the URL can do what you can do.
The token is new each time. --timeout says when it ends by itself; without it, it
goes on until Ctrl-C.

From another machine: ssh -L PORT:127.0.0.1:PORT HOST, with --port PORT.

With --json it writes {"url", "token"}, and goes on.
`,
	Examples: "page\npage --name app --port 9000 --timeout 1h",
	Setup: func(k *Call) func(context.Context) error {
		port := k.Flags.Int("port", 0, "`NUMBER` of the port (default: one that is free)")
		return func(ctx context.Context) error { return k.openPage(ctx, *port) }
	},
}

// A proxied is what page --json writes.
type proxied struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

func (k *Call) openPage(ctx context.Context, port int) error {
	if err := k.none(); err != nil {
		return err
	}
	if k.place.URL != "" {
		return Usage("--url serves the page itself: open %s", k.place.URL)
	}
	if port < 0 || port > 65535 {
		return Usage("--port %d: want 0 to 65535", port)
	}
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	if _, err := k.statusOf(ctx, client); err != nil {
		return err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("open the page: %w", err)
	}
	defer l.Close()
	if k.Given("timeout") {
		var cancel context.CancelFunc
		ctx, cancel = k.bounded(ctx)
		defer cancel()
	}
	token := rand.Text()
	url := fmt.Sprintf("http://%s/#token=%s", l.Addr(), token)
	if err := k.Result(proxied{URL: url, Token: token}, url+"\n"); err != nil {
		return err
	}
	k.say("Ctrl-C ends it; whoever has this URL can do what you can do")
	return serveProxy(ctx, l, newProxy(k.reached, token, l.Addr().String()))
}

// serveProxy serves until ctx ends, and ends all that is served.
func serveProxy(ctx context.Context, l net.Listener, p *proxy) error {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	err := server.Serve(l)
	p.close() // with their connections, all requests end
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the page: %w", err)
}
