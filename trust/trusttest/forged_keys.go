package trusttest

import (
	"bytes"
	"encoding/base64"
	"maps"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// listed are attacks on the key list, most by somebody who has stolen a release
// key, which the list has revoked since.
func listed() []Forgery {
	attack := func(name string, want error, forge func(*Publisher) Files) Forgery {
		f := text(name, want, forge)
		f.Root = true
		return f
	}
	// stolen publishes by the stolen key.
	stolen := func(p *Publisher) Files { return p.Put(p.Encode(p.Manifest(newer)), p.Stolen) }
	// list puts a list beside what is published honestly.
	list := func(change func(*Publisher, *release.KeyList), keys func(*Publisher) []*Key) func(*Publisher) Files {
		return func(p *Publisher) Files {
			l := p.list
			l.Seq++
			change(p, &l)
			text, err := l.Encode()
			if err != nil {
				p.tb.Fatalf("trusttest: %v", err)
			}
			honest := maps.Clone(p.files)
			p.Publish(newer)
			f := p.PutKeys(text, keys(p)...)
			for _, name := range []string{keysName, keysName + ".minisig"} { // the publisher has not lost them
				p.files[name] = honest[name]
			}
			return f
		}
	}
	byRoot := func(p *Publisher) []*Key { return []*Key{p.Root} }
	none := func(*Publisher, *release.KeyList) {}
	return []Forgery{
		attack("revoked key", trust.ErrRevoked, stolen),
		attack("revoked key, with the list from before", trust.ErrRevoked, func(p *Publisher) Files {
			f := stolen(p)
			f[keysName], f[keysName+".minisig"] = p.historical[keysName], p.historical[keysName+".minisig"]
			return f
		}),
		attack("revoked key, without a list", trust.ErrRevoked, func(p *Publisher) Files {
			f := stolen(p)
			delete(f, keysName)
			delete(f, keysName+".minisig")
			return f
		}),
		attack("list by a release key", trust.ErrKeyListSignature, list(none, func(p *Publisher) []*Key { return []*Key{p.Release} })),
		attack("list by the stolen key", trust.ErrKeyListSignature, list(none, func(p *Publisher) []*Key { return []*Key{p.Stolen} })),
		attack("unsigned list", trust.ErrKeyListSignature, list(none, func(*Publisher) []*Key { return nil })),
		attack("list of another product", trust.ErrProduct, list(func(p *Publisher, l *release.KeyList) { l.Product += "-too" }, byRoot)),
		attack("two lists of one number", trust.ErrEquivocation, list(func(p *Publisher, l *release.KeyList) { l.Seq, l.Revoked = p.list.Seq, nil }, byRoot)),
		attack("list with a key under two IDs", trust.ErrKeyList, list(func(p *Publisher, l *release.KeyList) {
			l.Keys = append([]release.Key{{Public: twin(p.Release.Public())}}, l.Keys...)
			l.Threshold = 2
		}, byRoot)),
		attack("list with a key of zeros", trust.ErrKeyList, list(func(p *Publisher, l *release.KeyList) {
			zeros := base64.StdEncoding.EncodeToString(append([]byte("Ed"), make([]byte, 40)...))
			l.Keys = append([]release.Key{{Public: zeros}}, l.Keys...)
		}, byRoot)),
		// What the root has signed counts, whoever brings it: only a newer list
		// can follow it.
		attack("expired key", trust.ErrKeyExpired, func(p *Publisher) Files {
			p.PublishKeys(func(l *release.KeyList) {
				l.Keys = append(l.Keys, release.Key{Public: p.Stolen.Public(), Expires: now().Add(-time.Hour)})
				l.Revoked = nil
			})
			return stolen(p)
		}),
		attack("expired list", trust.ErrKeyListExpired, func(p *Publisher) Files {
			f := list(func(p *Publisher, l *release.KeyList) {
				l.Issued, l.Expires = now().Add(-48*time.Hour), now().Add(-time.Hour)
			}, byRoot)(p)
			p.PublishKeys(func(l *release.KeyList) { l.Seq++ })
			return f
		}),
	}
}

// twin returns the same key with another ID.
func twin(public string) string {
	raw, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return public
	}
	raw[2] ^= 1
	return base64.StdEncoding.EncodeToString(raw)
}

// renamed returns a signature with the ID of another key.
func renamed(signature []byte, as *Key) []byte {
	lines := bytes.Split(signature, []byte("\n"))
	raw, err := base64.StdEncoding.AppendDecode(nil, lines[1])
	id, err2 := base64.StdEncoding.DecodeString(as.Public())
	if err != nil || err2 != nil {
		return signature
	}
	copy(raw[2:10], id[2:10])
	lines[1] = base64.StdEncoding.AppendEncode(nil, raw)
	return bytes.Join(lines, []byte("\n"))
}
