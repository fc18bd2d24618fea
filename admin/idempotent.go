package admin

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"sync"
)

// answers remembers what was answered to orders that had an Idempotency-Key, so
// that one that is sent again is not carried out again.
type answers struct {
	max int

	mu    sync.Mutex
	known map[string]*remembered
	order []string // keys, the oldest first
}

// A remembered is one answer; until done is closed it is being made.
type remembered struct {
	request [sha256.Size]byte
	done    chan struct{}
	answered
}

// An answered is what an order has come to.
type answered struct {
	code    int
	body    []byte
	passing bool // the same order may fare better in a moment
}

func newAnswers(max int) *answers {
	return &answers{max: max, known: map[string]*remembered{}}
}

// claim returns what is known of a key. Where that is nothing, the caller makes
// the answer and closes done.
func (a *answers) claim(key string, request [sha256.Size]byte) (r *remembered, first bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.known[key]; ok {
		return r, false
	}
	if len(a.order) >= a.max {
		a.dropLocked()
	}
	r = &remembered{request: request, done: make(chan struct{})}
	a.known[key] = r
	a.order = append(a.order, key)
	return r, true
}

// dropLocked forgets the oldest answer. Those that are being made stay; they are
// not more than there are connections.
func (a *answers) dropLocked() {
	for i, key := range a.order {
		select {
		case <-a.known[key].done:
			delete(a.known, key)
			a.order = slices.Delete(a.order, i, i+1)
			return
		default:
		}
	}
}

// forget has an order taken anew when it comes again.
func (a *answers) forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.known[key]; ok {
		delete(a.known, key)
		a.order = slices.DeleteFunc(a.order, func(k string) bool { return k == key })
	}
}

var brokeOff = []byte(`{"error":"the order broke off: look at the status before you order again"}` + "\n")

// fill makes an answer. One that the master did not come to is not remembered.
func (a *answers) fill(key string, r *remembered, do func() answered) {
	r.answered = answered{code: http.StatusInternalServerError, body: brokeOff}
	defer close(r.done)
	r.answered = do()
	if r.passing {
		a.forget(key)
	}
}

// once carries an order out, or answers as before.
func (s *Server) once(w http.ResponseWriter, r *http.Request, body []byte, do func() answered) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		s.give(w, do(), false)
		return
	}
	if len(key) > 255 || readable("Idempotency-Key", key, 255, false) != nil {
		s.fail(w, r, http.StatusBadRequest, "Idempotency-Key is too long, or has characters that cannot be shown")
		return
	}
	request := sha256.Sum256([]byte(r.Method + " " + r.URL.Path + "\n" + string(body)))
	key = callerIn(r.Context()) + "\n" + key // nobody is shown the answer to another one
	known, first := s.answers.claim(key, request)
	if first {
		s.answers.fill(key, known, do)
	}
	if known.request != request {
		s.fail(w, r, http.StatusUnprocessableEntity, "this Idempotency-Key was used for another order: take a new one")
		return
	}
	select {
	case <-known.done:
		s.give(w, known.answered, !first)
	case <-r.Context().Done(): // nobody is there to be answered
	}
}

func (s *Server) give(w http.ResponseWriter, a answered, again bool) {
	if again {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	if a.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	send(w, a.code, a.body)
}
