package overseer_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
)

// The whole of a program. Send it SIGUSR2 to restart it.
func ExampleRun() {
	overseer.Run(overseer.Config{
		Address: ":3000",
		Program: func(state overseer.State) {
			http.Handle("/", http.FileServer(http.Dir("/srv/www")))
			if err := state.Serve(&http.Server{}); err != nil {
				log.Fatal(err)
			}
		},
	})
}

// A program that has something to do where it cannot be supervised.
func ExampleRunErr() {
	err := overseer.RunErr(overseer.Config{
		Address: ":3000",
		Program: func(state overseer.State) { state.Serve(&http.Server{}) },
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		log.Fatal(http.ListenAndServe(":3000", nil))
	case errors.Is(err, overseer.ErrConfig):
		log.Fatal(err) // names the field
	default:
		log.Fatal(err) // the address is in use, say
	}
}

// A server whose connections outlive it: each moves to the new generation, with
// what was read from it and not answered.
func ExampleState_Handover() {
	serve := func(state overseer.State, conn net.Conn, begun []byte) {
		defer conn.Close()
		defer context.AfterFunc(state.Context(), func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
		in := bufio.NewReader(io.MultiReader(bytes.NewReader(begun), conn))
		for {
			line, err := in.ReadSlice('\n')
			if errors.Is(err, os.ErrDeadlineExceeded) {
				// On an error a program would go on with the connection.
				state.Handover(context.Background(), overseer.Item{Conn: conn, Data: line})
				return
			}
			if err != nil {
				return
			}
			conn.Write(line)
		}
	}
	overseer.Run(overseer.Config{Address: ":3000", Program: func(state overseer.State) {
		go func() {
			for {
				item, err := state.Inherited(context.Background())
				if err != nil {
					return // this generation drains
				}
				go serve(state, item.Conn, item.Data)
			}
		}()
		for {
			conn, err := state.Listener.Accept()
			if err != nil {
				return // this generation drains, and its connections have moved
			}
			go serve(state, conn, nil)
		}
	}})
}

// A program that runs alone, and begins with what the one before has left.
func ExampleState_Inherited() {
	overseer.Run(overseer.Config{Sequential: true, Program: func(state overseer.State) {
		now, cancel := context.WithCancel(context.Background())
		cancel() // what is there is asked for, and nothing is waited for
		var counters []byte
		if item, err := state.Inherited(now); err == nil {
			counters = item.Data
		}
		<-state.GracefulShutdown
		if err := state.Handover(context.Background(), overseer.Item{Name: "counters", Data: counters}); err != nil {
			log.Print(err) // the end of the service, say
		}
	}})
}

// Upgrades: a new release is fetched, asked for its health, and serves on trial
// before it is installed.
func ExampleConfig_fetcher() {
	overseer.Run(overseer.Config{
		Required: true,
		Address:  ":3000",
		Program:  func(state overseer.State) { state.Serve(&http.Server{}) },
		Fetcher: &fetcher.HTTP{
			URL:      "https://releases.example.com/app-linux-amd64",
			Interval: time.Minute,
		},
		Probe:     probe.HTTP("/healthz"),
		Probation: 30 * time.Second,
		Logger:    slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	})
}

// A release is looked at before its trial. The file is not the installed one
// yet; an error refuses it.
func ExampleConfig_preUpgrade() {
	var key ed25519.PublicKey // compiled in
	overseer.Run(overseer.Config{
		Address: ":3000",
		Program: func(state overseer.State) { state.Serve(&http.Server{}) },
		Fetcher: &fetcher.File{Path: "/srv/releases/app"},
		PreUpgrade: func(path string) error {
			signature, err := os.ReadFile("/srv/releases/app.sig")
			if err != nil {
				return err
			}
			program, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !ed25519.Verify(key, program, signature) {
				return errors.New("the signature is not ours")
			}
			return nil
		},
	})
}

// Restarts stay out of the busy hours, crashes reach a person, and the program
// is started again after one.
func ExampleConfig_hooks() {
	overseer.Run(overseer.Config{
		Address:    ":3000",
		Program:    func(state overseer.State) { state.Serve(&http.Server{}) },
		Fetcher:    &fetcher.File{Path: "/srv/releases/app"},
		MayRestart: func(overseer.Upgrade) bool { return time.Now().Hour() < 6 },
		OnCrash: func(c overseer.Crash) {
			subject := fmt.Sprintf("generation %d crashed", c.Generation)
			mail := exec.Command("mail", "-s", subject, "ops@example.com")
			if err := mail.Run(); err != nil {
				log.Print(err)
			}
		},
		KeepAlive: overseer.OnFailure,
	})
}

// An operator's button for a restart.
func ExampleRestart() {
	http.HandleFunc("POST /admin/restart", func(w http.ResponseWriter, _ *http.Request) {
		overseer.Restart() // returns at once; this answer is still sent
		fmt.Fprintln(w, "restarting")
	})
}

// A program with NoRestart set restarts only when it insists.
func ExampleForceRestart() {
	reload := make(chan struct{})
	go func() {
		for range reload {
			overseer.ForceRestart()
		}
	}()
}

// A program whose main has much to do answers the check of a new binary first.
func ExampleSanityCheck() {
	overseer.SanityCheck()
	time.Sleep(5 * time.Second) // reads a large configuration
	overseer.Run(overseer.Config{Program: func(overseer.State) {}})
}

// Two listeners, one server: Serve takes all that are configured.
func ExampleState_Serve() {
	program := func(state overseer.State) {
		srv := &http.Server{
			Handler:           http.DefaultServeMux,
			ReadHeaderTimeout: 10 * time.Second,
		}
		if err := state.Serve(srv); err != nil {
			log.Fatal(err)
		}
		// Every request is answered. Flush what must be flushed, and return.
	}
	overseer.Run(overseer.Config{Addresses: []string{":3000", "unix:///run/app.sock?mode=0660"}, Program: program})
}

// A program without addresses says itself when it is ready to take over.
func ExampleState_Ready() {
	warmUp := func() {}
	program := func(state overseer.State) {
		warmUp()
		state.Ready()
		<-state.GracefulShutdown
	}
	overseer.Run(overseer.Config{Program: program})
}

// A loop that finishes what it has begun when the generation drains.
func ExampleState_Context() {
	work := func(context.Context) {}
	program := func(state overseer.State) {
		for ctx := state.Context(); ctx.Err() == nil; {
			work(ctx)
		}
	}
	overseer.Run(overseer.Config{Program: program})
}

// What the master holds, as a program's status page shows it.
func ExampleState_Status() {
	program := func(state overseer.State) {
		http.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
			status, err := state.Status(r.Context())
			if errors.Is(err, overseer.ErrDisabled) {
				fmt.Fprintln(w, "running without overseer")
				return
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			fmt.Fprintf(w, "generation %d, %d starts, waiting: %s\n", status.Generation, status.Starts, status.StagedUpgrade)
		})
		state.Serve(&http.Server{})
	}
	overseer.Run(overseer.Config{Address: ":3000", Program: program})
}

// Where there is no master a program runs as it is.
func ExampleDisabledState() {
	program := func(state overseer.State) {
		srv := &http.Server{Addr: ":3000"}
		if err := state.Serve(srv); err != nil { // with no listeners: on srv.Addr
			log.Fatal(err)
		}
	}
	if overseer.IsSupported() {
		overseer.Run(overseer.Config{Address: ":3000", Program: program})
	} else {
		program(overseer.DisabledState)
	}
}

// A program that is also the command by which its service is looked at and
// steered: app overseer status, app overseer restart, app overseer help.
func ExampleHandleCLI() {
	config := overseer.Config{
		Address: ":3000",
		Program: func(state overseer.State) { state.Serve(&http.Server{}) },
	}
	overseer.HandleCLI(config, "overseer")
	overseer.Run(config)
}
