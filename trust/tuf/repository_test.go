package tuf_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const day = 24 * time.Hour

// A key signs metadata.
type key struct {
	signature.Signer
	public *metadata.Key
	id     string
}

func newKey(t *testing.T) key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadED25519Signer(private)
	if err != nil {
		t.Fatal(err)
	}
	return keyOf(t, signer)
}

func keyOf(t *testing.T, signer signature.Signer) key {
	t.Helper()
	known, err := signer.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := metadata.KeyFromPublicKey(known)
	if err != nil {
		t.Fatal(err)
	}
	id, err := public.ID()
	if err != nil {
		t.Fatal(err)
	}
	return key{Signer: signer, public: public, id: id}
}

// A repository is a TUF repository and the web server that has its files. Its
// fields are what the owner, or who stole the keys, is about to sign.
type repository struct {
	t         *testing.T
	keys      map[string][]key // by role: who signs
	root      *metadata.Metadata[metadata.RootType]
	timestamp *metadata.Metadata[metadata.TimestampType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	roles     map[string]*metadata.Metadata[metadata.TargetsType] // targets, and delegated ones

	mu      sync.Mutex
	files   map[string][]byte
	asked   []string
	instead func(http.ResponseWriter, *http.Request) bool // answers, and says so
}

// newRepository has one key a role and lists nothing.
func newRepository(t *testing.T) *repository {
	soon := time.Now().Add(30 * day).UTC().Truncate(time.Second)
	r := &repository{
		t:         t,
		keys:      map[string][]key{},
		root:      metadata.Root(soon.Add(365 * day)),
		timestamp: metadata.Timestamp(soon),
		snapshot:  metadata.Snapshot(soon),
		roles:     map[string]*metadata.Metadata[metadata.TargetsType]{metadata.TARGETS: metadata.Targets(soon)},
		files:     map[string][]byte{},
	}
	r.root.Signed.Version = 0
	r.timestamp.Signed.Version = 0
	r.snapshot.Signed.Version = 0
	r.roles[metadata.TARGETS].Signed.Version = 0
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		r.trust(role, newKey(t))
	}
	r.signRoot(r.keys[metadata.ROOT]...)
	return r
}

// trust gives a role these keys in the root, and no others.
func (r *repository) trust(role string, keys ...key) {
	r.t.Helper()
	for _, old := range r.keys[role] {
		r.must(r.root.Signed.RevokeKey(old.id, role))
	}
	for _, k := range keys {
		r.must(r.root.Signed.AddKey(k.public, role))
	}
	r.keys[role] = keys
}

// rotate gives a role these keys and publishes the next root.
func (r *repository) rotate(role string, keys ...key) {
	r.t.Helper()
	before := r.keys[metadata.ROOT]
	r.trust(role, keys...)
	r.signRoot(append(before, r.keys[metadata.ROOT]...)...)
}

// signRoot publishes the next root, signed by these keys.
func (r *repository) signRoot(keys ...key) {
	r.t.Helper()
	r.root.Signed.Version++
	r.put(fmt.Sprintf("%d.root.json", r.root.Signed.Version), sign(r.t, r.root, keys))
}

// sign returns the file.
func sign[T metadata.Roles](t *testing.T, m *metadata.Metadata[T], keys []key) []byte {
	t.Helper()
	m.ClearSignatures()
	signed := map[string]bool{}
	for _, k := range keys {
		if signed[k.id] {
			continue
		}
		signed[k.id] = true
		if _, err := m.Sign(k); err != nil {
			t.Fatal(err)
		}
	}
	data, err := m.ToBytes(false)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// list puts a program into a role's metadata; publish makes it known.
func (r *repository) list(role, target string, program []byte) {
	sum := sha256.Sum256(program)
	r.roles[role].Signed.Targets[target] = &metadata.TargetFiles{
		Length: int64(len(program)),
		Hashes: metadata.Hashes{"sha256": sum[:]},
	}
}

// release lists a program in targets and publishes it.
func (r *repository) release(target string, program []byte) {
	r.t.Helper()
	r.list(metadata.TARGETS, target, program)
	r.publish(metadata.TARGETS)
}

// publish signs the next version of these roles, and of snapshot and timestamp.
func (r *repository) publish(roles ...string) {
	r.t.Helper()
	for _, name := range roles {
		r.signRole(name)
	}
	r.signSnapshot()
	r.signTimestamp()
}

func (r *repository) signRole(name string) {
	r.t.Helper()
	role := r.roles[name]
	role.Signed.Version++
	data := sign(r.t, role, r.keys[name])
	r.put(fmt.Sprintf("%d.%s.json", role.Signed.Version, url.PathEscape(name)), data)
	r.snapshot.Signed.Meta[name+".json"] = fileOf(role.Signed.Version, data)
}

func (r *repository) signSnapshot() {
	r.t.Helper()
	r.snapshot.Signed.Version++
	data := sign(r.t, r.snapshot, r.keys[metadata.SNAPSHOT])
	r.put(fmt.Sprintf("%d.snapshot.json", r.snapshot.Signed.Version), data)
	r.timestamp.Signed.Meta["snapshot.json"] = fileOf(r.snapshot.Signed.Version, data)
}

func (r *repository) signTimestamp() {
	r.t.Helper()
	r.timestamp.Signed.Version++
	r.put("timestamp.json", sign(r.t, r.timestamp, r.keys[metadata.TIMESTAMP]))
}

func fileOf(version int64, data []byte) *metadata.MetaFiles {
	sum := sha256.Sum256(data)
	return &metadata.MetaFiles{Version: version, Length: int64(len(data)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}

// delegate makes targets trust a new role, with a key of its own.
func (r *repository) delegate(by string, role metadata.DelegatedRole) {
	r.t.Helper()
	k := newKey(r.t)
	role.KeyIDs, role.Threshold = []string{k.id}, 1
	d := r.roles[by].Signed.Delegations
	if d == nil {
		d = &metadata.Delegations{Keys: map[string]*metadata.Key{}}
		r.roles[by].Signed.Delegations = d
	}
	d.Keys[k.id] = k.public
	d.Roles = append(d.Roles, role)
	r.addRole(role.Name, k)
}

func (r *repository) addRole(name string, k key) {
	r.keys[name] = []key{k}
	r.roles[name] = metadata.Targets(r.snapshot.Signed.Expires)
	r.roles[name].Signed.Version = 0
}

// A state is what the server has at a time.
type state map[string][]byte

func (r *repository) state() state {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.files)
}

// serve puts a state back, as a mirror that is stale or hostile would.
func (r *repository) serve(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files = maps.Clone(s)
}

func (r *repository) put(file string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[file] = data
}

func (r *repository) file(name string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files[name]
}

// answer makes the server answer by itself where f says so.
func (r *repository) answer(f func(http.ResponseWriter, *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instead = f
}

// requests are the files that were asked for since the last call.
func (r *repository) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

func (r *repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	file := req.URL.EscapedPath()[1:]
	r.mu.Lock()
	data, ok := r.files[file]
	instead := r.instead
	r.asked = append(r.asked, file)
	r.mu.Unlock()
	switch {
	case instead != nil && instead(w, req):
	case !ok:
		http.NotFound(w, req)
	default:
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(data))
	}
}

func (r *repository) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// prefixOf is the beginning of the hash of a target's name.
func prefixOf(target string, digits int) string {
	sum := sha256.Sum256([]byte(target))
	return hex.EncodeToString(sum[:])[:digits]
}
