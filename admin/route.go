package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A route is one thing that can be asked for. openapi.json has the same ones.
type route struct {
	method, path string
	do           http.HandlerFunc
}

func (s *Server) table() []route {
	return []route{
		{"GET", "/v1/status", s.getStatus},
		{"GET", "/v1/sample", s.getSample},
		{"GET", "/v1/events", s.getEvents},
		{"GET", "/v1/history", s.getHistory},
		{"GET", "/v1/quarantine", s.getQuarantine},
		{"GET", "/v1/openapi.json", s.getOpenAPI},
		{"POST", "/v1/restart", s.take(restart)},
		{"POST", "/v1/upgrade", s.take(upgrade)},
		{"POST", "/v1/rollback", s.take(rollback)},
		{"PUT", "/v1/hold", s.take(hold)},
		{"DELETE", "/v1/hold", s.take(unhold)},
		{"DELETE", "/v1/quarantine/{digest}", s.take(forget)},
		{"PUT", "/v1/log-level", s.take(setLogLevel)},
		{"GET", "/{$}", s.getPage},
		{"GET", "/page/{file...}", s.getPage},
	}
}

// routes makes the table answer, and all else be refused in JSON.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range s.table() {
		mux.HandleFunc(r.method+" "+r.path, r.do)
		methods[r.path] = append(methods[r.path], r.method)
		if r.method == http.MethodGet {
			methods[r.path] = append(methods[r.path], http.MethodHead) // ServeMux takes it for a GET
		}
	}
	for _, path := range slices.Sorted(maps.Keys(methods)) {
		allow := strings.Join(methods[path], ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			s.fail(w, r, http.StatusMethodNotAllowed, "the method "+quote(r.Method)+" cannot be used here: use "+allow)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusNotFound, "there is nothing at "+quote(r.URL.Path)+": /v1/openapi.json has all paths")
	})
	return mux
}
