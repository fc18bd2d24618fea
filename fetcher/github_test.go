package fetcher_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

var here = runtime.GOOS + "_" + runtime.GOARCH

// assetOf is what the API says of one asset.
func assetOf(id int, name, url string) map[string]any {
	return map[string]any{"id": id, "name": name, "state": "uploaded", "url": "http://api/assets/" + fmt.Sprint(id), "browser_download_url": url}
}

func api(w http.ResponseWriter, assets ...map[string]any) {
	json.NewEncoder(w).Encode(map[string]any{"tag_name": "v1", "assets": assets})
}

func TestGithubInit(t *testing.T) {
	for _, row := range []struct {
		name   string
		github fetcher.Github
		says   string
	}{
		{"good", fetcher.Github{User: "u", Repo: "r"}, ""},
		{"no repo", fetcher.Github{User: "u"}, "User and Repo"},
		{"bad API", fetcher.Github{User: "u", Repo: "r", API: "api"}, "API"},
		{"negative interval", fetcher.Github{User: "u", Repo: "r", Interval: -1}, "Interval"},
	} {
		t.Run(row.name, func(t *testing.T) { wantSays(t, row.github.Init(), row.says) })
	}
}

// The API's ETag changes with each download; that is no new release.
func TestGithubAsksOnce(t *testing.T) {
	asked, downloads := 0, 0
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "cdn" {
			downloads++
			io.WriteString(w, "program")
			return
		}
		asked++
		etag := fmt.Sprintf(`"%d"`, min(asked, 3))
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		api(w, assetOf(1, "app_"+here, "http://cdn/app"))
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.Github{User: "u", Repo: "r", API: "http://api", Client: client}
		wantWhole(t, f, []byte("program"))
		for range 5 {
			if took := wantNothing(t, f); took != 5*time.Minute {
				t.Errorf("waited %v; want 5m0s", took)
			}
		}
		if downloads != 1 {
			t.Errorf("%d downloads; want 1", downloads)
		}
	})
}

func TestGithubDescribes(t *testing.T) {
	program := []byte("program")
	sum := sha256.Sum256(program)
	for _, row := range []struct {
		name   string
		body   []byte
		digest release.Digest
		size   int64
	}{
		{"app_" + here, program, sum, 7},
		{"app_" + here + ".gz", gzipped(program), release.Digest{}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				if r.Host == "cdn" {
					w.Write(row.body)
					return
				}
				a := assetOf(1, row.name, "http://cdn/"+row.name)
				a["digest"] = "sha256:" + hex.EncodeToString(sum[:])
				api(w, a)
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				f := &fetcher.Github{User: "u", Repo: "r", API: "http://api", Client: client}
				r, err := f.Fetch()
				if err != nil || r == nil {
					t.Fatalf("Fetch = %v, %v", r, err)
				}
				c := fetcher.Describe(r)
				defer c.Close()
				if c.Digest != row.digest || c.Size != row.size || c.Source != "http://cdn/"+row.name {
					t.Errorf("Describe = %+v; want digest %v, size %d", c, row.digest, row.size)
				}
				if got, err := io.ReadAll(r); err != nil || string(got) != "program" {
					t.Errorf("read %q, %v", got, err)
				}
			})
		})
	}
}

func TestGithubToken(t *testing.T) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		switch r.Host + r.URL.Path {
		case "api/repos/u/r/releases/latest":
			if token != "Bearer secret" {
				t.Errorf("the API saw token %q", token)
			}
			api(w, assetOf(7, "app_"+here, "http://cdn/public"))
		case "api/assets/7":
			if token != "Bearer secret" || r.Header.Get("Accept") != "application/octet-stream" {
				t.Errorf("the asset's address saw token %q, Accept %q", token, r.Header.Get("Accept"))
			}
			http.Redirect(w, r, "http://cdn/private", http.StatusFound)
		case "cdn/private":
			if token != "" {
				t.Errorf("the other host saw token %q", token)
			}
			io.WriteString(w, "program")
		default:
			t.Errorf("asked for %s%s", r.Host, r.URL.Path)
		}
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		wantWhole(t, &fetcher.Github{User: "u", Repo: "r", API: "http://api/", Token: "secret", Client: client}, []byte("program"))
	})
}

func TestGithubRefusals(t *testing.T) {
	for _, row := range []struct {
		name  string
		token string
		serve http.HandlerFunc
		says  string
		after time.Duration
	}{
		{"rate limit", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(17*time.Minute).Unix()))
			w.WriteHeader(http.StatusForbidden)
		}, "17m", 17 * time.Minute},
		{"second rate limit", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusForbidden)
		}, "1m0s", time.Minute},
		{"forbidden", "", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Remaining", "50")
			w.WriteHeader(http.StatusForbidden)
		}, "credentials", 0},
		{"no release", "", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "404", 0},
		{"no JSON", "", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "read the API's answer", 0},
		{"too much JSON", "", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"tag_name":"`)
			io.Copy(w, io.LimitReader(endless{}, 9<<20))
		}, "larger than 8 MiB", 0},
		{"no asset", "", func(w http.ResponseWriter, _ *http.Request) { api(w, assetOf(1, "app_plan9_sparc", "http://cdn/")) }, "app_plan9_sparc", 0},
		{"nothing in it", "", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "null") }, "no asset", 0},
		{"asset under way", "", func(w http.ResponseWriter, _ *http.Request) {
			a := assetOf(1, "app_"+here, "http://cdn/")
			a["state"] = "starter"
			api(w, a)
		}, "no asset", 0},
		{"no address", "", func(w http.ResponseWriter, _ *http.Request) { api(w, assetOf(1, "app_"+here, "")) }, "the address in the API's answer", 0},
		{"token to another host", "secret", func(w http.ResponseWriter, _ *http.Request) {
			a := assetOf(1, "app_"+here, "")
			a["url"] = "http://evil/asset"
			api(w, a)
		}, "must not see the Token", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, row.serve, func(t *testing.T, client *http.Client) {
				f := &fetcher.Github{User: "u", Repo: "r", API: "http://api", Client: client, Token: row.token}
				_, _, err := fetchAll(t, f)
				wantSays(t, err, row.says)
				later, ok := errors.AsType[*fetcher.RetryAfterError](err)
				if ok != (row.after > 0) || (ok && later.After != row.after) {
					t.Errorf("error %v: want RetryAfterError of %v", err, row.after)
				}
			})
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat("x", len(p))), nil }
