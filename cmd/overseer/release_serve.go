package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/cmd/internal/serve"
)

var serveCommand = releaseCommand{
	name:  "serve",
	args:  "DIR [--listen ADDRESS] [--tls-cert FILE --tls-key FILE]",
	about: "serve a release directory over HTTP",
	text: `
A web server for a small fleet, for a release directory or a copy that --to made.
It serves what hosts read and nothing that begins with a dot, and lists nothing.
ETags are digests; ranges and conditions work, so a download that was cut goes on,
and a manifest that did not change is not sent.

It runs under overseer itself: SIGUSR2 starts it anew, with a new certificate or a
new binary, without losing a request; SIGTERM ends it when the answers that are
under way are given, after 30 s at the latest.

Each request is a line of JSON on standard error.
`,
	examples: `
  overseer release serve /srv/releases/app --listen :8080
  overseer release serve /srv/releases/app --listen :8443 --tls-cert cert.pem --tls-key key.pem
`,
	ownSignals: true,
	setup: func(k *call) func(context.Context) error {
		listen := k.flags.String("listen", ":8080", "`ADDRESS` to listen on; with port 0 the system chooses")
		cert := k.flags.String("tls-cert", "", "certificate `FILE` (PEM), with its chain")
		key := k.flags.String("tls-key", "", "`FILE` of the certificate's key (PEM)")
		return func(context.Context) error {
			args, err := k.want("DIR")
			if err != nil {
				return err
			}
			if (*cert == "") != (*key == "") {
				return usagef("--tls-cert and --tls-key go together")
			}
			if _, err := os.ReadDir(args[0]); err != nil {
				return fmt.Errorf("serve: want a release directory, or a copy that was uploaded to: %w", err)
			}
			overseer.Run(overseer.Config{
				Address: *listen,
				Program: func(state overseer.State) { serveReleases(state, args[0], *cert, *key) },
			})
			return nil
		}
	},
}

// serveReleases is one generation of the server.
func serveReleases(state overseer.State, dir, cert, key string) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	h, err := serve.New(dir, log)
	if err != nil {
		fail(log, err)
	}
	server := serve.Server(h, log)
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			fail(log, fmt.Errorf("certificate: %w", err))
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	log.Info("serving", "directory", dir, "address", state.Address, "generation", state.Generation)
	if err := state.Serve(server); err != nil {
		fail(log, err)
	}
}

// fail ends a generation: the one before goes on, where there is one.
func fail(log *slog.Logger, err error) {
	log.Error("the server ended", "error", err)
	os.Exit(exitFailed)
}
