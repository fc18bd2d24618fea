package socket

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
)

// A storeName is the name under which a service manager keeps a socket for the
// next start of the service. It says for which entry of Config.Addresses, and
// which file a unix socket has, as nothing else does:
//
//	overseer?address=ADDRESS&nth=N                           percent-encoded
//	overseer?address=ADDRESS&dev=DEVICE&ino=INODE&nth=N     of a unix socket
//
// An entry that is too long for the 255 characters of a name is told by its
// SHA-256: sha256=… in place of address. N counts entries of the same text, from
// 1: port 0 may be asked for more than once.
type storeName struct {
	spec string // address=, or # and sha256=
	nth  int
	node Node // without its path, which the socket itself knows
}

const (
	storePrefix  = "overseer?"
	storeNameMax = 255 // sd_notify(3), FDNAME=
)

// newStoreName returns the name for an entry.
func newStoreName(spec string, nth int, node Node) string {
	values := url.Values{"address": {spec}, "nth": {strconv.Itoa(nth)}}
	if node.Path != "" {
		values.Set("dev", strconv.FormatUint(node.Dev, 10))
		values.Set("ino", strconv.FormatUint(node.Ino, 10))
	}
	if name := storePrefix + values.Encode(); len(name) <= storeNameMax {
		return name
	}
	values.Del("address")
	values.Set("sha256", digestOf(spec))
	return storePrefix + values.Encode()
}

func digestOf(spec string) string {
	sum := sha256.Sum256([]byte(spec))
	return hex.EncodeToString(sum[:])
}

// parseStoreName reads a name; false: somebody else has given it.
func parseStoreName(name string) (storeName, bool) {
	text, ok := strings.CutPrefix(name, storePrefix)
	if !ok {
		return storeName{}, false
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return storeName{}, false
	}
	s := storeName{spec: values.Get("address")}
	if sum := values.Get("sha256"); sum != "" {
		s.spec = "#" + sum
	}
	s.nth, err = strconv.Atoi(values.Get("nth"))
	if err != nil || s.nth < 1 || s.spec == "" {
		return storeName{}, false
	}
	if values.Has("ino") {
		s.node.Dev, _ = strconv.ParseUint(values.Get("dev"), 10, 64) // not a number: no file has it
		s.node.Ino, _ = strconv.ParseUint(values.Get("ino"), 10, 64)
	}
	return s, true
}

// is reports whether there is a name at all.
func (s storeName) is() bool { return s.nth > 0 }

// of reports whether the name is that of an entry.
func (s storeName) of(spec string, nth int) bool {
	return s.is() && s.nth == nth && (s.spec == spec || s.spec == "#"+digestOf(spec))
}
