package socket

import (
	"slices"
	"testing"
)

func TestMatch(t *testing.T) {
	held := func(specs ...string) (have []*Socket) {
		for _, spec := range specs {
			have = append(have, &Socket{fd: -1, record: Record{Spec: spec}})
		}
		return have
	}
	for _, tt := range []struct {
		name string
		want []string
		have []*Socket
		out  []int
	}{
		{"the same", []string{":80", "unix:///run/a.sock"}, held(":80", "unix:///run/a.sock"), []int{0, 1}},
		{"another order", []string{"unix:///run/a.sock", ":80"}, held(":80", "unix:///run/a.sock"), []int{1, 0}},
		{"another spelling", []string{"tcp://:080", "unix:///run/./a.sock?mode=0600"}, held(":80", "unix:///run/a.sock"), []int{0, 1}},
		{"one more", []string{":80", ":81"}, held(":80"), []int{0, -1}},
		{"one less", []string{":81"}, held(":80", ":81"), []int{1}},
		{"any port, twice", []string{":0", ":0", ":0"}, held(":0", ":0"), []int{0, 1, -1}},
		{"another family", []string{"tcp4://:80"}, held(":80"), []int{-1}},
		{"a form of another version", []string{":80"}, held("quic://:80"), []int{-1}},
		{"none", nil, held(":80"), []int{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addrs := make([]Address, len(tt.want))
			for i, spec := range tt.want {
				a, err := Parse(spec)
				if err != nil {
					t.Fatal(err)
				}
				addrs[i] = a
			}
			if got := Match(addrs, tt.have); !slices.Equal(got, tt.out) {
				t.Errorf("Match(%q) = %v, want %v", tt.want, got, tt.out)
			}
		})
	}
}
