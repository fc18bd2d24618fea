package trusttest

import (
	"net/http"
	"strconv"

	"github.com/seed-3d078585/overseer/release"
)

// endless are answers that never come to their end, or never begin.
func endless() []Forgery {
	at := func(name string, of func(release.Artifact, Files) string, answer http.HandlerFunc) Forgery {
		return site(name, func(_ *Publisher, s *Site, a release.Artifact) { s.Instead[of(a, s.Files)] = answer })
	}
	program := func(a release.Artifact, _ Files) string { return a.URLs[0] }
	manifest := func(release.Artifact, Files) string { return Channel + ".json" }
	signatures := func(_ release.Artifact, f Files) string { return signaturesName(f[Channel+".json"]) }
	keys := func(release.Artifact, Files) string { return keysName }

	all := []Forgery{
		at("endless program", program, flood),
		at("program that stalls", program, stall(1000)),
		at("program that never begins", program, hang),
		at("endless manifest", manifest, flood),
		at("manifest that stalls", manifest, stall(10)),
		at("manifest that never begins", manifest, hang),
		at("manifest that unpacks without end", manifest, unpacking),
		at("endless signatures", signatures, flood),
		at("signatures that never begin", signatures, hang),
		at("endless key list", keys, flood),
		at("key list that never begins", keys, hang),
	}
	for i := range all {
		if all[i].Name == "endless key list" || all[i].Name == "key list that never begins" {
			all[i].Refused = false // who needs no list need not wait for it
		}
	}
	return all
}

// flood answers without end.
func flood(w http.ResponseWriter, r *http.Request) {
	block := make([]byte, 64<<10)
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// hang takes the question and does not answer it.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// stall stops after a few bytes.
func stall(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(100_000))
		w.Write(make([]byte, n)) // a client that is gone ends the context
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// unpacking answers with little that a transport which unpacks by itself makes
// much of.
func unpacking(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	w.Write(gzipped(make([]byte, 8<<20))) // a client that has enough is gone
}
