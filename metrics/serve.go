package metrics

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// scrapes is how many are answered at a time; the others get a 503.
const scrapes = 4

// Handler answers each request with the metrics of the source.
func Handler(source Source, opts ...Option) http.Handler {
	return handler(New(source, opts...))
}

func handler(c *Collector) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(c)
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapes,
	})
}

// Serve answers scrapes of /metrics on a listener, and counts events as they come,
// until ctx ends. Then it closes the listener, lets the scrapes that it has come
// to their end, and returns nil. It asks for no password: listen on loopback, or
// where only Prometheus comes.
func Serve(ctx context.Context, l net.Listener, source Source, opts ...Option) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := New(source, opts...)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		_ = c.Run(ctx) // a source without events has the other metrics
	}()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler(c))
	mux.Handle("GET /{$}", http.RedirectHandler("/metrics", http.StatusFound))
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      c.timeout + 10*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	var err error
	select {
	case err = <-served:
		cancel()
	case <-ctx.Done():
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), c.timeout+time.Second)
		defer stop()
		if server.Shutdown(end) != nil {
			server.Close()
		}
		<-served
	}
	<-followed
	return err
}
