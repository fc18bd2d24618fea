package admin_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// A restart is ordered, and what comes of it is followed.
func ExampleDial() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client := admin.Dial("/srv/app/.app.overseer/admin.sock")
	accepted, err := client.Restart(ctx, admin.Order{Reason: "the certificate is new"})
	if err != nil {
		log.Fatal(err)
	}
	stream, err := client.Follow(ctx, accepted.Event, false)
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	for {
		m, err := stream.Next()
		if err != nil {
			log.Fatal(err)
		}
		if m.Event == nil {
			continue
		}
		fmt.Println(m.Event.Kind, m.Event.Reason)
		if m.Event.Kind == admin.Live || m.Event.Kind == admin.Failed {
			return
		}
	}
}

// A master elsewhere is reached with a token over TLS.
func ExampleNewClient() {
	client := admin.NewClient(admin.Remote{
		URL:   "https://app.example.com:9443",
		Token: os.Getenv("ADMIN_TOKEN"),
		TLS:   &tls.Config{MinVersion: tls.VersionTLS13},
	})
	status, err := client.Status(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Condition)
}

// The API of a master on a unix socket; of one that runs nothing, here.
func ExampleNewServer() {
	dir, err := os.MkdirTemp("", "admin")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "admin.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	server := admin.NewServer(admintest.New(), admin.Options{})
	served := make(chan error)
	go func() { served <- server.Serve(l, admin.Access{Token: "a-secret"}) }()

	_, err = admin.Dial(socket).Status(context.Background())
	fmt.Println(err)
	server.Close(time.Second)
	fmt.Println(<-served)
	// Output:
	// a token is needed: send it as "Authorization: Bearer TOKEN" (HTTP 401)
	// <nil>
}
