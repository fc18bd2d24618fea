package fetcher_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// A forge keeps files in a package registry that has no folders, asks for a
// token, and sends who wants a file to the storage behind it, on another host.
type forge struct {
	shelf  *shelf
	prefix string // of the path, as it is sent
	header string // that has the token
	token  string
	code   int // of the redirect

	storage int // answers of the storage
	leaked  []string
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file := path.Base(r.URL.Path)
	if r.Host == "storage" {
		f.storage++
		if r.Header.Get(f.header) != "" || strings.Contains(fmt.Sprint(r.Header), "secret") {
			f.leaked = append(f.leaked, r.URL.Path)
		}
		if r.URL.Query().Get("X-Amz-Signature") == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		data := f.file(file)
		w.Header().Set("ETag", fmt.Sprintf(`"%.16s"`, sum(data)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
		return
	}
	switch {
	case r.Header.Get(f.header) != f.token:
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"message":"401 Unauthorized"}`)
	case r.URL.EscapedPath() != f.prefix+file || f.file(file) == nil:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"message":"404 Not Found"}`)
	default:
		http.Redirect(w, r, "http://storage/bucket/"+file+"?X-Amz-Signature=signed", f.code)
	}
}

// file finds a file of the release directory by the last part of its name.
func (f *forge) file(name string) []byte {
	f.shelf.mu.Lock()
	defer f.shelf.mu.Unlock()
	for at, data := range f.shelf.files {
		if path.Base(at) == name {
			return data
		}
	}
	return nil
}

func TestForges(t *testing.T) {
	for _, row := range []struct {
		name  string
		forge forge
		url   string
	}{
		{
			name: "GitLab", url: "http://forge/api/v4/projects/group%2Fapp/packages/generic/app/stable/stable.json",
			forge: forge{prefix: "/api/v4/projects/group%2Fapp/packages/generic/app/stable/", header: "Private-Token", token: "secret", code: http.StatusFound},
		},
		{
			name: "Gitea and Forgejo", url: "http://forge/api/packages/owner/generic/app/stable/stable.json",
			forge: forge{prefix: "/api/packages/owner/generic/app/stable/", header: "Authorization", token: "token secret", code: http.StatusTemporaryRedirect},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			old, program := versions(100_000)
			s := newShelf()
			s.publish(s.artifact(old, release.TarGzip))
			row.forge.shelf = s
			inBubble(t, row.forge.ServeHTTP, func(t *testing.T, client *http.Client) {
				f := &fetcher.Manifest{URL: row.url, Flat: true, Client: client, Header: http.Header{row.forge.header: {row.forge.token}}}
				i := &installed{program: old, digest: sum(old)}
				f.SetHost(fetcher.Host{Installed: i.get, Scratch: t.TempDir()})
				r := offered(t, f)
				if got := fetcher.Describe(r).Statement; len(got.Signatures) == 0 {
					t.Error("the signatures were not found")
				}
				if got, err := readAll(t, r); err != nil || !bytes.Equal(got, old) {
					t.Fatalf("read %d bytes and %v; want the program", len(got), err)
				}
				r.(fetcher.Receipt).Taken()
				before := row.forge.storage
				wantNothing(t, f)
				if asked := row.forge.storage - before; asked != 1 {
					t.Errorf("a look at what is known asked the storage %d times; want once", asked)
				}

				a := s.artifact(program, release.Zstd)
				s.delta(t, &a, old, program)
				s.publish(a)
				wantWhole(t, f, program)
				if len(row.forge.leaked) > 0 {
					t.Errorf("the storage saw the token with %q", row.forge.leaked)
				}

				wrong := &fetcher.Manifest{URL: row.url, Flat: true, Client: client}
				_, err := wrong.Fetch()
				wantSays(t, err, "check the credentials")
			})
		})
	}
}

// By a manifest, the API is asked once for each look, and answers that nothing
// changed.
func TestGithubManifestLife(t *testing.T) {
	old, program := versions(100_000)
	s := newShelf()
	s.publish(s.artifact(old, release.TarGzip))
	files := githubOf(s)
	asked, same := 0, 0
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/repos/"):
			asked++
			etag := fmt.Sprintf(`"%d"`, s.seq)
			w.Header().Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				same++
				w.WriteHeader(http.StatusNotModified)
				return
			}
			files(w, r)
		case strings.HasPrefix(r.URL.Path, "/assets/"):
			if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("Accept") != "application/octet-stream" {
				t.Errorf("%s was asked for with %v", r.URL.Path, r.Header)
			}
			s.mu.Lock()
			for name, data := range s.files {
				if r.URL.Path == fmt.Sprintf("/assets/%d", assetID(data)) {
					http.Redirect(w, r, "http://github/"+name, http.StatusFound)
				}
			}
			s.mu.Unlock()
		default:
			if r.Header.Get("Authorization") != "" {
				t.Errorf("%s%s saw the token", r.Host, r.URL.Path)
			}
			files(w, r)
		}
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.Github{User: "u", Repo: "r", API: "http://api", Manifest: "stable.json", Token: "secret", Client: client}
		i := &installed{program: old, digest: sum(old)}
		f.SetHost(fetcher.Host{Installed: i.get, Scratch: t.TempDir()})
		if err := f.Init(); err != nil {
			t.Fatal(err)
		}
		r := offered(t, f)
		c := fetcher.Describe(r)
		if c.Statement == nil || len(c.Statement.Signatures) == 0 || c.Source != "github.com/u/r/stable.json" {
			t.Errorf("candidate is %+v; want a statement with signatures", c)
		}
		if got, err := readAll(t, r); err != nil || !bytes.Equal(got, old) {
			t.Fatalf("read %d bytes and %v; want the program", len(got), err)
		}
		r.(fetcher.Receipt).Taken()
		s.log()
		for range 3 {
			wantNothing(t, f)
		}
		if log := s.log(); asked != 4 || same != 3 || len(log) != 0 {
			t.Errorf("the API was asked %d times and knew nothing new %d times, assets %q; want 4, 3 and none", asked, same, log)
		}
		a := s.artifact(program, release.Zstd)
		s.delta(t, &a, old, program)
		s.publish(a)
		wantWhole(t, f, program)

		s.set("stable.json", nil)
		s.seq++
		_, err := f.Fetch()
		wantSays(t, err, `has no asset "stable.json"`)
	})
}
