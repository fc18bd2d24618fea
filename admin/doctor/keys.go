package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

const (
	maxKey    = 4096
	maxRecord = 4 << 20
	soon      = 14 * 24 * time.Hour // before a key list expires it should be renewed
)

// keys says whether public keys can be used, and how long the key list counts that
// was seen last.
func (r *report) keys(s Subject, h host) {
	for _, given := range s.Keys {
		text := given
		if !strings.HasPrefix(given, "RW") {
			data, err := readBounded(given, maxKey)
			if err != nil {
				r.add("public key", Fail, fmt.Sprintf("%s cannot be read: %v", given, err), "give the path of a .pub file, or its line from RW on")
				continue
			}
			text = string(data)
		}
		if err := trust.Minisign(text).For("any", "any").Check(); err != nil {
			r.add("public key", Fail, err.Error(), "take the .pub file that overseer release keygen, or minisign -G, has written")
			continue
		}
		r.ok("public key", given+" is one of minisign")
	}
	for _, rec := range s.records(h) {
		if list := rec.list; list != nil {
			left := list.Expires.Sub(s.Now)
			found := fmt.Sprintf("the key list of %s, number %d, counts until %s", rec.Product, list.Seq, list.Expires.UTC().Format(time.RFC3339))
			switch {
			case left <= 0:
				r.add("key list", Fail, found+": it has expired, and no release is taken", "overseer release keys renew, and publish it")
			case left < soon:
				r.add("key list", Warn, found, "overseer release keys renew, and publish it before")
			default:
				r.ok("key list", found)
			}
		}
	}
}

// A record is what is of interest in the memory of a trust policy.
type record struct {
	Product string    `json:"product"`
	Issued  time.Time `json:"issued"`
	Keys    []byte    `json:"keys"`

	list *release.KeyList
}

// records reads the memories of trust policies in the state directory, as far as
// they can be read.
func (s Subject) records(h host) (all []record) {
	if s.StateDir == "" {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(h.path(s.StateDir), "trust-*"))
	if err != nil {
		return nil
	}
	for _, path := range paths[:min(len(paths), 100)] {
		data, err := readBounded(path, maxRecord)
		var rec record
		if err != nil || json.Unmarshal(data, &rec) != nil {
			continue
		}
		if list, err := release.ParseKeyList(rec.Keys); len(rec.Keys) > 0 && err == nil {
			rec.list = &list
		}
		all = append(all, rec)
	}
	return all
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, err
}
