package admin

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// policy is what a browser may do with what comes from here: run and show what
// is served beside it, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// handler lets requests through the door of one listener.
func (s *Server) handler(d *door) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		if !s.enter() {
			w.Header().Set("Connection", "close")
			s.fail(w, r, http.StatusServiceUnavailable, "the master is going: ask again in a moment")
			return
		}
		defer s.running.Done()
		rc := http.NewResponseController(w)
		rc.SetWriteDeadline(time.Now().Add(s.limits.answer))
		if r.ContentLength != 0 {
			rc.SetReadDeadline(time.Now().Add(s.limits.body))
		}
		if s.pass(d, w, r) {
			s.mux.ServeHTTP(w, r.WithContext(withCaller(r.Context(), func() string { return callerOf(d, r) })))
		}
	})
}

// pass answers those that may not come in, and says whether a request may.
func (s *Server) pass(d *door, w http.ResponseWriter, r *http.Request) bool {
	deny := func(code int, why string) bool {
		w.Header().Set("Connection", "close") // whoever is not let in keeps no connection
		s.fail(w, r, code, why)
		return false
	}
	if code, why := d.peer(r); code != 0 {
		return deny(code, why)
	}
	if !d.host(r) {
		return deny(http.StatusForbidden, "the host name "+quote(r.Host)+" is not one of this server: use its address, or have the name in Access.Hosts")
	}
	if !isAPI(r) {
		return true // the files of the page hold no secret, and a browser asks for them without a token
	}
	if err := d.sameOrigin(r); err != nil {
		return deny(http.StatusForbidden, "the request comes from another page: "+err.Error())
	}
	switch err := d.bearer(r); {
	case errors.Is(err, errWrongToken):
		s.pause(r)
		w.Header().Set("WWW-Authenticate", `Bearer realm="overseer", error="invalid_token"`)
		return deny(http.StatusUnauthorized, err.Error())
	case err != nil:
		w.Header().Set("WWW-Authenticate", `Bearer realm="overseer"`)
		return deny(http.StatusUnauthorized, err.Error())
	}
	return true
}

// isAPI says whether a request is for more than the files of the page.
func isAPI(r *http.Request) bool {
	return r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/page/")
}

// pause has the sender of a wrong token wait. It holds nobody else.
func (s *Server) pause(r *http.Request) {
	timer := time.NewTimer(s.limits.wrong)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.ending:
	}
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
