package release_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

const publicKey = "RWSHnDLHerb5rO89UxPzIeluJNK5tYKzmCUR61IHN55ZyBSHsbe/e67G"

func goodKeys() release.KeyList {
	return release.KeyList{
		Product: "app", Seq: 2, Threshold: 1,
		Issued:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Expires: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
		Keys:    []release.Key{{Public: publicKey, Comment: "the first"}},
		Revoked: []string{"A9B879E4C7D718C8"},
	}
}

func TestCheckKeyList(t *testing.T) {
	key := func(k release.Key) func(*release.KeyList) {
		return func(l *release.KeyList) { l.Keys = []release.Key{k} }
	}
	for _, row := range []struct {
		name   string
		change func(*release.KeyList)
		want   string // part of the error; empty: nothing is wrong
	}{
		{"good", func(*release.KeyList) {}, ""},
		{"no product", func(l *release.KeyList) { l.Product = "" }, "product"},
		{"no seq", func(l *release.KeyList) { l.Seq = 0 }, "seq"},
		{"huge seq", func(l *release.KeyList) { l.Seq = 1 << 53 }, "seq"},
		{"never expires", func(l *release.KeyList) { l.Expires = time.Time{} }, "expires"},
		{"expired when it was issued", func(l *release.KeyList) { l.Expires = l.Issued }, "expires"},
		{"no keys", func(l *release.KeyList) { l.Keys = nil }, "0 keys"},
		{"nobody need sign", func(l *release.KeyList) { l.Threshold = 0 }, "threshold"},
		{"negative threshold", func(l *release.KeyList) { l.Threshold = -1 }, "threshold"},
		{"more than all must sign", func(l *release.KeyList) { l.Threshold = 2 }, "threshold"},
		{"key twice", func(l *release.KeyList) { l.Keys = append(l.Keys, l.Keys...) }, "twice"},
		{"many keys", func(l *release.KeyList) { l.Keys = make([]release.Key, 257) }, "257 keys"},
		{"empty key", key(release.Key{}), "key"},
		{"key of another kind", key(release.Key{Public: "SW" + publicKey[2:]}), "key"},
		{"key with an end of line", key(release.Key{Public: publicKey[:55] + "\n"}), "key"},
		{"key in two lines", key(release.Key{Public: "untrusted comment: x\n" + publicKey}), "key"},
		{"long key", key(release.Key{Public: publicKey + "A"}), "key"},
		{"key that expires", key(release.Key{Public: publicKey, Expires: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}), ""},
		{"key that expires before our time", key(release.Key{Public: publicKey, Expires: time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC)}), "no moment"},
		{"comment that writes on the terminal", key(release.Key{Public: publicKey, Comment: "\x1b[2J"}), "comment"},
		{"revoked in lower case", func(l *release.KeyList) { l.Revoked = []string{"a9b879e4c7d718c8"} }, "revoked"},
		{"revoked is a key", func(l *release.KeyList) { l.Revoked = []string{publicKey} }, "revoked"},
		{"unknown and critical", func(l *release.KeyList) { l.Critical = []string{"seq", "quorum"} }, "quorum"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := goodKeys()
			row.change(&l)
			data, err := l.Encode()
			if row.want == "" {
				if err != nil {
					t.Fatalf("Encode = %v, want nothing wrong", err)
				}
				if _, err := release.ParseKeyList(data); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || data != nil {
				t.Fatalf("Encode = %v\n%s\nwant an error with %q", err, data, row.want)
			}
			if !errors.Is(err, release.ErrFormat) && !errors.Is(err, release.ErrCritical) {
				t.Fatalf("Encode = %v, want ErrFormat or ErrCritical", err)
			}
		})
	}
	if _, err := release.ParseKeyList([]byte(`{"format":1,"keys":null}`)); !errors.Is(err, release.ErrFormat) {
		t.Errorf("null: %v, want ErrFormat", err)
	}
	if _, err := release.ParseKeyList(make([]byte, release.MaxKeys+1)); !errors.Is(err, release.ErrFormat) {
		t.Errorf("too large: %v, want ErrFormat", err)
	}
}
