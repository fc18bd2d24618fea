package loadtest

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestGuard(t *testing.T) {
	for _, row := range []struct {
		network, address string
		remote           bool
		want             string
		err              string
	}{
		{address: "127.0.0.1:80", want: "127.0.0.1:80"},
		{address: "127.9.9.9:80", want: "127.9.9.9:80"},
		{address: "[::1]:80", want: "[::1]:80"},
		{address: "[::ffff:127.0.0.1]:80", want: "[::ffff:127.0.0.1]:80"},
		{address: ":80", want: "127.0.0.1:80"},
		{address: "0.0.0.0:80", want: "127.0.0.1:80"},
		{address: "[::]:80", want: "[::1]:80"},
		{address: "LocalHost:80", want: "127.0.0.1:80"},
		{network: "tcp6", address: "localhost:80", want: "[::1]:80"},
		{network: "unix", address: "/run/x", want: "/run/x"},
		{network: "unix", err: "path of the socket"},
		{network: "udp", address: ":80", err: `"udp" is not known`},
		{address: "10.0.0.1:80", err: "not a loopback"},
		{address: "169.254.169.254:80", err: "not a loopback"},
		{address: "127.0.0.1.example.com:80", err: "not a loopback"},
		{address: "localhost.example.com:80", err: "not a loopback"},
		{address: "10.0.0.1:80", remote: true, want: "10.0.0.1:80"},
		{address: "shop.example:80", remote: true, want: "shop.example:80"},
		{address: "127.0.0.1", err: "missing port"},
		{err: "missing port"},
	} {
		got, err := Config{Network: row.network, Address: row.address, AllowRemote: row.remote}.complete()
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) || !strings.Contains(err.Error(), "Config.Address") {
				t.Errorf("%s %q: got %v, want an error with %q", row.network, row.address, err, row.err)
			}
			if strings.Contains(row.err, "loopback") != errors.Is(err, ErrRemote) {
				t.Errorf("%s %q: %v matches ErrRemote: %v", row.network, row.address, err, errors.Is(err, ErrRemote))
			}
			continue
		}
		if err != nil || got.Address != row.want {
			t.Errorf("%s %q: got %q, %v; want %q", row.network, row.address, got.Address, err, row.want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, row := range []struct {
		name   string
		config Config
		want   string
	}{
		{"clients", Config{Clients: -1}, "Config.Clients is -1"},
		{"requests", Config{Requests: -1}, "Config.Requests"},
		{"think", Config{Think: -time.Second}, "Config.Think"},
		{"timeout", Config{RequestTimeout: -1}, "Config.RequestTimeout"},
		{"body", Config{MaxBody: -1}, "Config.MaxBody"},
		{"mode", Config{Mode: 9}, "Config.Mode is 9"},
		{"path without a slash", Config{Path: "x"}, "Config.Path"},
		{"path that is none", Config{Path: "/\r\nX: y"}, "Config.Path"},
		{"header", Config{Header: http.Header{"X Y": {"z"}}}, "Config.Header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.config.Address = ":80"
			load, err := Start(t.Context(), row.config)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %v, %v; want an error with %q", load, err, row.want)
			}
		})
	}
}
