package admin_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// Each route is described, and each path that is described is a route.
func TestRoutesAreDescribed(t *testing.T) {
	var described, registered []string
	for path, item := range readDocument(t).at("paths") {
		for method := range item.(map[string]any) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range newService(admin.Bounds{}).Routes() {
		if strings.HasPrefix(r[1], "/v1/") {
			registered = append(registered, r[0]+" "+r[1])
		}
	}
	slices.Sort(described)
	slices.Sort(registered)
	if !slices.Equal(described, registered) {
		t.Errorf("described are\n%v\nregistered are\n%v", described, registered)
	}
}

var digest = strings.Repeat("0f", 32)

// bodies are right ones, of orders that need one.
var bodies = map[string]string{
	"rollback":    `{"to":"previous","reason":"it is slow"}`,
	"hold":        `{"until":"2999-01-01T00:00:00Z"}`,
	"setLogLevel": `{"level":"debug"}`,
	"restart":     `{"reason":"because","generation":1}`,
}

// full sets each member of a value to something that is allowed.
func full(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)))
		return
	case v.Type() == reflect.TypeFor[admin.Phase]():
		v.SetString("live")
		return
	case v.Type() == reflect.TypeFor[admin.Condition]():
		v.SetString("on trial")
		return
	case v.Type() == reflect.TypeFor[admin.Result]():
		v.SetString("rolled back")
		return
	case v.Type() == reflect.TypeFor[admin.Target]():
		v.SetString("standby")
		return
	case v.Type() == reflect.TypeFor[admin.Kind]():
		v.SetString("trial")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		full(v.Index(0))
		full(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			full(v.Field(i))
		}
	}
}

func fullOf[T any]() T {
	var v T
	full(reflect.ValueOf(&v).Elem())
	return v
}

// richService has something everywhere.
func richService(b admin.Bounds) *service {
	s := newService(b)
	status := fullOf[admin.Status]()
	status.LogLevel, status.Operation.Kind, status.Operation.Stage = "warn", "upgrade", "trial"
	s.master.SetStatus(status)
	s.master.SetSample(fullOf[admin.Sample]())
	s.master.SetHistory(fullOf[admin.Attempt](), admin.Attempt{Result: admin.UnderWay, Steps: nil})
	s.master.SetQuarantine(admin.Entry{Digest: digest, Reason: "it crashed"}, fullOf[admin.Entry]())
	for range 3 {
		s.master.Emit(fullOf[admin.Event]())
	}
	s.master.Emit(admin.Event{Kind: admin.Live})
	return s
}

// Each answer that is described can be had from the real server, and is as it is
// described.
func TestAnswersAreAsDescribed(t *testing.T) {
	d := readDocument(t)
	for path, item := range d.at("paths") {
		for method := range item.(map[string]any) {
			op := d.at("paths", path, method)
			for code, response := range op["responses"].(map[string]any) {
				t.Run(op["operationId"].(string)+" "+code, func(t *testing.T) {
					want, err := strconv.Atoi(code)
					if err != nil {
						t.Fatal(err)
					}
					c := call{strings.ToUpper(method), strings.ReplaceAll(path, "{digest}", digest), map[string]string{"Authorization": bearer}, bodies[op["operationId"].(string)]}
					got, body, kind := provoke(t, c, want)
					if got != want {
						t.Fatalf("%s %s: got %d %s, want %d", c.method, c.url, got, body, want)
					}
					var v any
					if err := json.Unmarshal([]byte(body), &v); err != nil || kind != "application/json" {
						t.Fatalf("the answer is of the type %s: %v: %s", kind, err, body)
					}
					schema := d.resolve(response)["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
					for _, err := range d.validate(schema, v, "answer") {
						t.Error(err)
					}
				})
			}
		}
	}
}

// provoke has one code answered, each in its way.
func provoke(t *testing.T, c call, code int) (got int, body, kind string) {
	t.Helper()
	b := admin.Bounds{Wrong: 1}
	if code == 504 {
		b.Master = 20 * time.Millisecond
	}
	s := richService(b)
	if code >= 500 {
		// Where no event is kept the newest one is known by the status alone, so
		// that each request has the master asked.
		s.master.Keep(0)
	}
	if c.body != "" {
		c.header["Content-Type"] = "application/json"
	}
	switch code {
	case 400:
		c.url += "?nonsense=1"
	case 401:
		delete(c.header, "Authorization")
	case 403:
		c.header["Host"] = "evil.example"
	case 404:
		c.url = strings.ReplaceAll(c.url, digest, strings.Repeat("9", 64))
	case 409:
		s.master.Refuse("not now")
	case 413:
		c.body = strings.Repeat(" ", 1<<17)
	case 415:
		c.body, c.header["Content-Type"] = "{}", "text/plain"
	case 500:
		s.master.Fail(errors.New("the disk is full"))
	case 503:
		s.master.Fail(admin.ErrEnded)
	case 504:
		s.master.Hang(true)
	}
	if code >= 500 && c.url == "/v1/events" {
		c.header["Accept"] = "text/event-stream"
	}
	c.url = s.onTCP(t) + c.url
	if code == 422 {
		c.header["Idempotency-Key"] = "key"
		c.do(t, "")
		c.header["Content-Type"] = "application/json"
		if c.body == "" {
			c.body = "{}"
		}
		c.body = strings.Replace(c.body, "{", `{"actor":"bob",`, 1)
		c.body = strings.Replace(c.body, ",}", "}", 1)
	}
	resp, body := c.do(t, "")
	return resp.StatusCode, body, resp.Header.Get("Content-Type")
}

// What a stream sends is as it is described.
func TestStreamIsAsDescribed(t *testing.T) {
	d := readDocument(t)
	s := richService(admin.Bounds{Sample: time.Millisecond})
	s.master.Keep(2)
	seen := map[string]string{}
	r := openStream(t, s.onUnix(t), "/v1/events?after=0&samples=1", nil)
	for len(seen) < 3 {
		m := r.next(t)
		seen[m.kind] = m.data
	}
	for kind, name := range map[string]string{"event": "Event", "sample": "Sample", "lost": "Lost"} {
		var v any
		if err := json.Unmarshal([]byte(seen[kind]), &v); err != nil {
			t.Fatalf("%s: %v: %q", kind, err, seen[kind])
		}
		for _, err := range d.validate(d.at("components", "schemas", name), v, kind) {
			t.Error(err)
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"event", "lost", "sample"}) {
		t.Errorf("the stream has %v", got)
	}
}
