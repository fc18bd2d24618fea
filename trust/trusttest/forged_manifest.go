package trusttest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// newer is the version of a release that is forged.
const newer = "1.3.0"

// unsigned are manifests that the publisher has not signed, or not so.
func unsigned() []Forgery {
	// next has the honest next manifest, which the attacker changes.
	next := func(p *Publisher) []byte { return p.Encode(p.Manifest(newer)) }
	return []Forgery{
		text("wrong key", trust.ErrSignature, func(p *Publisher) Files { return p.Put(next(p), NewKey(p.tb)) }),
		text("wrong key that has the ID of the right one", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			return withSignatures(p.Put(m), m, renamed(NewKey(p.tb).Sign(m), p.Release))
		}),
		text("stripped signature", trust.ErrUnsigned, func(p *Publisher) Files { return p.Put(next(p)) }),
		text("empty signature", trust.ErrUnsigned, func(p *Publisher) Files {
			m := next(p)
			return withSignatures(p.Put(m), m, []byte("\n"))
		}),
		text("signature that is none", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			return withSignatures(p.Put(m), m, []byte("untrusted comment: trust me\nRWQ\ntrusted comment: really\nAAAA\n"))
		}),
		text("signature over other bytes", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			return withSignatures(p.Put(m), m, p.Release.Sign([]byte("other bytes")))
		}),
		text("new manifest with the old signature", trust.ErrSignature, func(p *Publisher) Files {
			old := p.Files().signatures(Channel + ".json")
			m := next(p)
			return withSignatures(p.Put(m), m, old)
		}),
		text("one byte changed", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			changed := bytes.Replace(m, []byte(newer), []byte("1.3.1"), 1)
			return withSignatures(p.Put(changed), changed, p.Release.Sign(m))
		}),
		text("a blank added", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			changed := append(bytes.Clone(m), ' ')
			return withSignatures(p.Put(changed), changed, p.Release.Sign(m))
		}),
		text("trusted comment changed", trust.ErrSignature, func(p *Publisher) Files {
			m := next(p)
			return withSignatures(p.Put(m), m, bytes.Replace(p.Release.Sign(m), []byte("trusted comment: timestamp:"), []byte("trusted comment: timestamp:1"), 1))
		}),
		text("program in place of the manifest", trust.ErrUnsigned, func(p *Publisher) Files {
			return p.Put(p.Program(newer))
		}),
	}
}

// withSignatures puts them where a reader of m looks first, and second.
func withSignatures(f Files, m, signatures []byte) Files {
	f[signaturesName(m)], f[Channel+".json.minisig"] = signatures, signatures
	return f
}

// signed is an attack of somebody who got the publisher to sign a manifest.
func signed(name string, want error, change func(*Publisher, *release.Manifest)) Forgery {
	return text(name, want, func(p *Publisher) Files {
		return p.Publish(newer, func(m *release.Manifest) { change(p, m) })
	})
}

// outOfOrder are manifests that the publisher has signed, for something else,
// for others, or a while ago.
func outOfOrder() []Forgery {
	again := func(version string, seq uint64) func(*Publisher) Files {
		return func(p *Publisher) Files {
			return p.Publish(version, func(m *release.Manifest) { m.Seq, m.Version = seq, version })
		}
	}
	return []Forgery{
		signed("another product", trust.ErrProduct, func(p *Publisher, m *release.Manifest) { m.Product = p.Product + "-too" }),
		signed("another channel", trust.ErrChannel, func(_ *Publisher, m *release.Manifest) { m.Channel = "beta" }),
		signed("expired", trust.ErrExpired, func(_ *Publisher, m *release.Manifest) {
			m.Issued, m.Expires = now().Add(-48*time.Hour), now().Add(-time.Hour)
		}),
		text("replayed old manifest", trust.ErrReplay, again("1.1.0", 2)),
		text("older manifest with a new version", trust.ErrReplay, again(newer, 2)),
		text("below the floor", trust.ErrFloor, again("1.0.0", 1)),
		text("two manifests of one number", trust.ErrEquivocation, again(newer, 3)),
		signed("lower version", trust.ErrDowngrade, func(_ *Publisher, m *release.Manifest) { m.Version = "1.1.9" }),
		signed("version before the release of the same number", trust.ErrDowngrade, func(_ *Publisher, m *release.Manifest) { m.Version = "1.2.0-rc.1" }),
		signed("lower version that yanks another one", trust.ErrDowngrade, func(_ *Publisher, m *release.Manifest) {
			m.Version, m.Yanked = "1.1.0", []string{"1.0.0"}
		}),
		signed("no program for this platform", trust.ErrPlatform, func(_ *Publisher, m *release.Manifest) {
			delete(m.Artifacts, release.Platform())
		}),
		signed("blocked program", trust.ErrBlocked, func(_ *Publisher, m *release.Manifest) {
			m.Blocked = []release.Digest{m.Artifacts[release.Platform()].Digest}
		}),
	}
}

// misread are manifests that somebody got the publisher to sign, and that two
// readers might understand differently, or follow where they should not.
func misread() []Forgery {
	// edited replaces one part of the text that is signed.
	edited := func(name string, want error, old, new string) Forgery {
		return text(name, want, func(p *Publisher) Files {
			m := p.Encode(p.Manifest(newer))
			if !bytes.Contains(m, []byte(old)) {
				p.tb.Fatalf("trusttest: no %q in the manifest:\n%s", old, m)
			}
			return p.Put(bytes.Replace(m, []byte(old), []byte(new), 1), p.Release)
		})
	}
	inFront := func(name string, want error, member string) Forgery {
		return edited(name, want, "{", "{"+member+",")
	}
	url := func(name, url string) Forgery {
		return edited(name, release.ErrFormat, `"urls": [`, fmt.Sprintf(`"urls": [%q,`, url))
	}
	return []Forgery{
		inFront("unknown and critical", release.ErrCritical, `"critical":["quorum"],"quorum":2`),
		edited("newer format", release.ErrCritical, `"format": 1`, `"format": 2`),
		inFront("member twice", release.ErrFormat, `"seq":9000`),
		inFront("member in another case", release.ErrFormat, `"Seq":9000`),
		inFront("member with a letter that folds", release.ErrFormat, "\"i\u017fsued\":\"2040-01-01T00:00:00Z\""),
		inFront("null", release.ErrFormat, `"notes":null`),
		edited("huge number", release.ErrFormat, `"size": `, `"size": 9000000000000000000`),
		edited("never expires", release.ErrFormat, `"expires": "2`, `"expires": "9999-12-31T23:59:59Z","expires": "2`),
		url("URL that climbs", "../../etc/passwd"),
		url("URL that climbs, escaped", "%2e%2e/%2e%2e/etc/passwd"),
		url("URL that climbs on a server", "https://127.0.0.1/a/../../secret"),
		url("URL of a file", "file:///etc/passwd"),
		url("URL of another server without its scheme", "//127.0.0.1/program"),
		url("URL with a backslash", `..\program`),
		edited("path that climbs", release.ErrFormat, `"packing": "zstd"`, `"packing": "tar+zstd", "path": "../../bin/sh"`),
		edited("absolute path", release.ErrFormat, `"packing": "zstd"`, `"packing": "tar+zstd", "path": "/bin/sh"`),
		text("something behind it", release.ErrFormat, func(p *Publisher) Files {
			m := p.Encode(p.Manifest(newer))
			return p.Put(append(bytes.Clone(m), m...), p.Release)
		}),
		text("huge manifest", release.ErrFormat, func(p *Publisher) Files {
			m := p.Encode(p.Manifest(newer))
			return p.Put(append(m, bytes.Repeat([]byte(" "), release.MaxManifest)...), p.Release)
		}),
		text("deep manifest", release.ErrFormat, func(p *Publisher) Files {
			deep := fmt.Appendf(nil, `{"format":1,"x":%s%s}`, bytes.Repeat([]byte("["), 100_000), bytes.Repeat([]byte("]"), 100_000))
			return p.Put(deep, p.Release)
		}),
	}
}
