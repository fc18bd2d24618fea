package release_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

// encoded is the text of a good manifest.
func encoded(t testing.TB) string {
	data, err := good().Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestParseManifestStrict(t *testing.T) {
	text := encoded(t)
	// with puts a member in front of all others.
	with := func(member string) string { return strings.Replace(text, "{", "{"+member+",", 1) }
	// but replaces one part.
	but := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in:\n%s", old, text)
		}
		return strings.Replace(text, old, new, 1)
	}
	deep := func(n int) string {
		return with(`"x":` + strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	for _, row := range []struct {
		name, text string
		want       error
	}{
		{"good", text, nil},
		{"no blanks", strings.Join(strings.Fields(text), ""), nil},
		{"unknown member", with(`"x":{"y":[1,true]}`), nil},
		{"unknown member, named critical", with(`"x":1,"critical":["x"]`), release.ErrCritical},
		{"known member, named critical", with(`"critical":["seq"]`), nil},
		{"newer format", but(`"format": 1`, `"format": 2`), release.ErrCritical},
		{"newer format, other types", `{"format":2,"seq":"seven"}`, release.ErrCritical},
		{"no format", but(`"format": 1,`, ``), release.ErrFormat},
		{"format of 0", but(`"format": 1`, `"format": 0`), release.ErrFormat},
		{"empty", ``, release.ErrFormat},
		{"null", `null`, release.ErrFormat},
		{"list", `[]`, release.ErrFormat},
		{"string", `"format"`, release.ErrFormat},
		{"empty object", `{}`, release.ErrFormat},
		{"cut", text[:len(text)-3], release.ErrFormat},
		{"more behind it", text + "{", release.ErrFormat},
		{"another behind it", text + text, release.ErrFormat},
		{"byte order mark", "\ufeff" + text, release.ErrFormat},
		{"not UTF-8", but(`"app"`, "\"a\xff\""), release.ErrFormat},
		{"half of a pair", with(`"x":"\ud800"`), release.ErrFormat},
		{"half of a pair, below", with(`"x":[{"y":"\udc00a"}]`), release.ErrFormat},
		{"whole pair", with(`"x":"\ud83d\ude00"`), nil},
		{"twice", with(`"seq":8`), release.ErrFormat},
		{"twice, below", with(`"x":{"y":1,"y":1}`), release.ErrFormat},
		{"twice, escaped", with(`"\u0073eq":8`), release.ErrFormat},
		{"platform twice", but(`"artifacts": {`, `"artifacts": {"linux/amd64":{},`), release.ErrFormat},
		{"upper case", with(`"SEQ":8`), release.ErrFormat},
		{"upper case alone", but(`"seq"`, `"Seq"`), release.ErrFormat},
		{"letter that folds to k", with("\"bloc\u212aed\":[]"), release.ErrFormat},
		{"letter that folds to s", with("\"i\u017fsued\":\"\""), release.ErrFormat},
		{"member without name", with(`"":1`), release.ErrFormat},
		{"name with NUL", with(`"seq\u0000":1`), release.ErrFormat},
		{"null for what may be missing", with(`"notes":null`), release.ErrFormat},
		{"null for what may not", but(`"seq": 7`, `"seq": null`), release.ErrFormat},
		{"null in a list", with(`"yanked":[null]`), release.ErrFormat},
		{"null in what nobody knows", with(`"x":[null]`), release.ErrFormat},
		{"NaN", with(`"rollout":{"percent":NaN,"seed":"s"}`), release.ErrFormat},
		{"number beyond a float", with(`"rollout":{"percent":1e999,"seed":"s"}`), release.ErrFormat},
		{"seq with a fraction", but(`"seq": 7`, `"seq": 7.5`), release.ErrFormat},
		{"seq with an exponent", but(`"seq": 7`, `"seq": 1e3`), release.ErrFormat},
		{"negative seq", but(`"seq": 7`, `"seq": -7`), release.ErrFormat},
		{"seq beyond 64 bits", but(`"seq": 7`, `"seq": 18446744073709551617`), release.ErrFormat},
		{"seq in quotes", but(`"seq": 7`, `"seq": "7"`), release.ErrFormat},
		{"time without zone", but(`2026-01-02T03:04:05Z`, `2026-01-02T03:04:05`), release.ErrFormat},
		{"time of another zone", but(`2026-01-02T03:04:05Z`, `2026-01-02T04:04:05+01:00`), nil},
		{"30 February", but(`2026-01-02`, `2026-02-30`), release.ErrFormat},
		{"leap second", but(`03:04:05Z`, `03:04:60Z`), release.ErrFormat},
		{"time as a number", but(`"2026-01-02T03:04:05Z"`, `1767323045`), release.ErrFormat},
		{"short digest", but(`"0100`, `"01`), release.ErrFormat},
		{"deep", deep(7), nil},
		{"too deep", deep(8), release.ErrFormat},
		{"very deep", deep(100_000), release.ErrFormat},
		{"too deep and never closed", with(`"x":` + strings.Repeat("[", 100_000)), release.ErrFormat},
		{"huge", with(`"x":"` + strings.Repeat("a", release.MaxManifest) + `"`), release.ErrFormat},
		{"comment", "// hello\n" + text, release.ErrFormat},
		{"comma too many", but(`"seq": 7,`, `"seq": 7,,`), release.ErrFormat},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, err := release.ParseManifest([]byte(row.text))
			if !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
				t.Fatalf("ParseManifest(%.200s) = %v; want %v", row.text, err, row.want)
			}
			if err == nil && (m.Seq != 7 || m.Product != "app" || !m.Issued.Equal(good().Issued)) {
				t.Fatalf("ParseManifest(%.200s) = %+v", row.text, m)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Fatalf("an error of %d bytes: %.200v", len(err.Error()), err)
			}
		})
	}
}

func FuzzParseManifest(f *testing.F) {
	for _, m := range []release.Manifest{good(), full()} {
		data, err := m.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"format":1,"critical":["x"],"artifacts":{"a/b":{"urls":["http://a/../b"]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := release.ParseManifest(data)
		if err != nil {
			if !errors.Is(err, release.ErrFormat) && !errors.Is(err, release.ErrCritical) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		first, err := m.Encode()
		if err != nil {
			t.Fatalf("what was parsed cannot be written: %v", err)
		}
		again, err := release.ParseManifest(first)
		if err != nil {
			t.Fatalf("what was written cannot be parsed: %v", err)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("written twice (%v):\n%s\n%s", err, first, second)
		}
		if !again.Issued.Equal(m.Issued) || !again.Expires.Equal(m.Expires) || again.Seq != m.Seq {
			t.Fatalf("it means something else:\n%+v\n%+v", m, again)
		}
	})
}

func FuzzParseKeyList(f *testing.F) {
	data, err := goodKeys().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := release.ParseKeyList(data)
		if err != nil {
			if !errors.Is(err, release.ErrFormat) && !errors.Is(err, release.ErrCritical) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		first, err := l.Encode()
		if err != nil {
			t.Fatalf("what was parsed cannot be written: %v", err)
		}
		again, err := release.ParseKeyList(first)
		if err != nil {
			t.Fatalf("what was written cannot be parsed: %v", err)
		}
		if second, err := again.Encode(); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("written twice (%v):\n%s\n%s", err, first, second)
		}
	})
}
