package admin_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-3d078585/overseer/admin"
)

// Whatever comes as the body of an order, it is refused with a reason or read,
// and what is read can be shown.
func FuzzOrder(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", `{"reason":"x"}`, `{"reason":null}`, `{"reason":"x","generation":3,"actor":"alice"}`, `{"to":"standby"}`,
		`{"until":"2999-01-01T00:00:00Z"}`, `{"until":"2999-01-01T00:00:00+25:00"}`, `{"level":"debug"}`, `{"generation":1e3}`, `{"generation":99999999999999999999}`,
		`{"reason":"\u001b[2J"}`, `{"actor":"a\u0000"}`, `{"reason":"x"}{}`, `{"reason":"x",}`, `{"reason":{"a":[1,2]}}`, "{\"reason\":\"\xff\"}",
		`{"reason":"\ud800"}`, `{"reason":"x","reason":"y"}`, `{"a":1`, `{"actor":" for root"}`, strings.Repeat(`{"a":`, 1000),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		orders, errs := admin.ReadOrder(body)
		for _, err := range errs {
			if err.Error() == "" || !utf8.ValidString(err.Error()) {
				t.Errorf("%q: the error is %q", body, err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%q: the error has %d bytes", body, len(err.Error()))
			}
		}
		for _, o := range orders {
			if !utf8.ValidString(o.Reason+o.Actor) || strings.ContainsAny(o.Reason+o.Actor, "\x00\x1b\r\u202e") || o.Generation < 0 {
				t.Errorf("%q: got %+v", body, o)
			}
			if utf8.RuneCountInString(o.Reason) > 1000 || o.Actor != "" && !strings.HasPrefix(o.Actor, " for ") {
				t.Errorf("%q: got %+v", body, o)
			}
		}
	})
}

// Whatever is asked of /v1/events, it is refused with a reason or inside bounds.
func FuzzQuery(f *testing.F) {
	for _, c := range [][2]string{
		{"", ""}, {"after=1", ""}, {"after=1&limit=2&samples=1", "3"}, {"after=-1", ""}, {"after=18446744073709551615", ""},
		{"after=18446744073709551616", ""}, {"limit=1001", ""}, {"after=1;limit=2", ""}, {"%zz", ""}, {"after=1&after=1", ""},
		{"", "x"}, {"", " 1"}, {"", "1\n"}, {"AFTER=1", ""}, {"samples=2", ""}, {"after=%31", "+1"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, query, id string) {
		_, limit, err := admin.ReadQuery(query, id)
		switch {
		case err != nil && err.Error() == "":
			t.Errorf("%q, %q: an error without words", query, id)
		case err == nil && (limit < 1 || limit > 1000):
			t.Errorf("%q, %q: limit is %d", query, id, limit)
		}
	})
}

// A client that has met something else than a server reads messages in bounds,
// or says what is wrong.
func FuzzMessages(f *testing.F) {
	for _, text := range []string{
		"", "\n\n\n", "retry: 1000\n\nid: 42\nevent: event\ndata: {\"id\":42}\n\n", ": here\n\n", "data\ndata:\ndata: x\n\n", "event: sample\r\ndata: {}\r\n\r\n",
		"data: cut", "\xef\xbb\xbfdata: x\n\n", "data: " + strings.Repeat("x", 1<<16) + "\n\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sizes, err := admin.ReadMessages(bytes.NewReader(text))
		if err == nil {
			t.Fatal("a stream without an end")
		}
		all := 0
		for _, n := range sizes {
			all += n
		}
		if all > len(text) {
			t.Fatalf("%d bytes of data in a stream of %d", all, len(text))
		}
	})
}

// A trace is handed on as it came, or not at all: it becomes a variable of a
// process.
func FuzzTrace(f *testing.F) {
	for _, text := range []string{"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00---", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := admin.TraceOf(text)
		if got != "" && (got != text || len(got) != 55 || strings.Trim(got, "-0123456789abcdef") != "") {
			t.Fatalf("%q is taken as %q", text, got)
		}
	})
}
