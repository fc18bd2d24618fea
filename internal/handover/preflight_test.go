//go:build unix

package handover

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadPreflight(t *testing.T) {
	whole, err := json.Marshal(Preflight{Min: 1, Max: 1, OS: "plan9", Arch: "mips", Module: "m@v1"})
	must(t, err)
	want := Preflight{Min: 1, Max: 1, OS: "plan9", Arch: "mips", Module: "m@v1"}
	for _, row := range []struct {
		name, text, err string
	}{
		{name: "whole", text: string(whole) + "\n"},
		{name: "without the newline", text: string(whole)},
		{name: "with unknown members", text: `{"new":{"a":[1]},` + string(whole[1:])},
		{name: "with more behind", text: string(whole) + "\nand so on"},
		{name: "nothing", err: "EOF"},
		{name: "cut", text: string(whole[:20]), err: "unexpected EOF"},
		{name: "no JSON", text: "token", err: "invalid character"},
		{name: "endless", text: `{"os":"` + strings.Repeat("x", maxPreflight), err: "more than 65536 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := ReadPreflight(strings.NewReader(row.text))
			if row.err == "" {
				if err != nil || got != want {
					t.Fatalf("ReadPreflight = %+v, %v; want %+v", got, err, want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Fatalf("ReadPreflight = %+v, %v; want error %q", got, err, row.err)
			}
		})
	}
	if _, err := ReadPreflight(bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Fatalf("ReadPreflight of nothing = %v; want io.EOF", err)
	}
}

// A candidate may answer whatever it likes.
func FuzzReadPreflight(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"min":1,"max":1,"os":"linux","arch":"amd64"}` + "\n{", `{"min":-1,"max":1e9}`, `{"error":"\ud800"}`, "[[[["} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPreflight(bytes.NewReader(text))
		if err == nil && len(text) > 0 && len(p.Error) > 3*maxPreflight { // a byte that is no text becomes three
			t.Fatalf("an error of %d bytes", len(p.Error))
		}
	})
}
