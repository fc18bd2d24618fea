package trusttest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"net/http"
	"strings"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

// artifact changes that of this platform.
func artifact(change func(*release.Artifact)) func(*release.Manifest) {
	return func(m *release.Manifest) {
		a := m.Artifacts[release.Platform()]
		change(&a)
		m.Artifacts[release.Platform()] = a
	}
}

func withoutDeltas(a *release.Artifact) { a.Deltas = nil }

// site is an attack behind an honest manifest of the next version, which has no
// deltas: forge gets its artifact, and the site to change.
func site(name string, forge func(*Publisher, *Site, release.Artifact)) Forgery {
	return Forgery{Name: name, Refused: true, forge: func(p *Publisher) *Site {
		var a release.Artifact
		s := &Site{Instead: map[string]http.HandlerFunc{}}
		s.Files = p.Publish(newer, artifact(withoutDeltas), artifact(func(of *release.Artifact) { a = *of }))
		forge(p, s, a)
		return s
	}}
}

// swapped are other bytes behind an honest manifest.
func swapped() []Forgery {
	return []Forgery{
		site("swapped program", func(p *Publisher, s *Site, a release.Artifact) {
			s.Files[a.URLs[0]] = p.zstd([]byte(strings.Repeat("evil", int(a.Size)/4)))
		}),
		site("program of another platform", func(p *Publisher, s *Site, a release.Artifact) {
			other := p.Add(append([]byte("of another platform: "), p.Latest()...))
			s.Files[a.URLs[0]] = s.Files[other.URLs[0]]
		}),
		site("program of the version before", func(p *Publisher, s *Site, a release.Artifact) {
			s.Files[a.URLs[0]] = s.Files[p.Add(p.programs[len(p.programs)-2]).URLs[0]]
		}),
		site("one bit changed", func(p *Publisher, s *Site, a release.Artifact) {
			changed := bytes.Clone(p.Latest())
			changed[len(changed)/2] ^= 1
			s.Files[a.URLs[0]] = p.zstd(changed)
		}),
		site("cut program", func(p *Publisher, s *Site, a release.Artifact) {
			s.Files[a.URLs[0]] = s.Files[a.URLs[0]][:a.PackedSize/2]
		}),
		site("empty program", func(p *Publisher, s *Site, a release.Artifact) { s.Files[a.URLs[0]] = nil }),
		site("longer program", func(p *Publisher, s *Site, a release.Artifact) {
			s.Files[a.URLs[0]] = append(bytes.Clone(s.Files[a.URLs[0]]), p.zstd([]byte("and more"))...)
		}),
		patch("swapped patch", func(p *Publisher, f Files, d *release.Delta) {
			f[d.URLs[0]] = []byte("no patch at all")
		}),
		patch("patch to another program, signed", func(p *Publisher, f Files, d *release.Delta) {
			var wrong bytes.Buffer
			from := p.programs[len(p.programs)-2]
			if _, err := delta.Diff(p.tb.Context(), &wrong, from, bytes.ToUpper(p.Latest())); err != nil {
				p.tb.Fatalf("trusttest: make a patch: %v", err)
			}
			f[d.URLs[0]] = wrong.Bytes()
			d.Size, d.Digest = int64(wrong.Len()), sha256.Sum256(wrong.Bytes())
		}),
	}
}

// patch is an attack on the patches. A host goes on with the whole program,
// which is honest.
func patch(name string, forge func(*Publisher, Files, *release.Delta)) Forgery {
	return Forgery{Name: name, forge: func(p *Publisher) *Site {
		m := p.Manifest(newer)
		f := p.files
		artifact(func(a *release.Artifact) {
			for i := range a.Deltas {
				forge(p, f, &a.Deltas[i])
			}
		})(&m)
		return &Site{Files: p.Put(p.Encode(m), p.Release)}
	}}
}

// bombs are what the publisher has signed without a look inside.
func bombs() []Forgery {
	// packed signs the manifest of a program in a package that is another.
	packed := func(name string, how release.Packing, path string, pack func(*Publisher, []byte) []byte) Forgery {
		return text(name, nil, func(p *Publisher) Files {
			return p.Publish(newer, artifact(withoutDeltas), artifact(func(a *release.Artifact) {
				data := pack(p, p.Latest())
				a.Packing, a.Path, a.PackedSize, a.PackedDigest = how, path, int64(len(data)), sha256.Sum256(data)
				a.URLs = []string{"programs/package"}
				p.files[a.URLs[0]] = data
			}))
		})
	}
	const size = 8 << 20
	return []Forgery{
		packed("gzip bomb", release.Gzip, "", func(p *Publisher, _ []byte) []byte { return gzipped(make([]byte, size)) }),
		packed("zstd bomb", release.Zstd, "", func(p *Publisher, _ []byte) []byte { return p.zstd(make([]byte, size)) }),
		packed("program and a bomb behind it", release.Zstd, "", func(p *Publisher, program []byte) []byte {
			return p.zstd(append(bytes.Clone(program), make([]byte, size)...))
		}),
		packed("archive with a path that climbs", release.TarGzip, "app", func(_ *Publisher, program []byte) []byte {
			return gzipped(tarred(tar.Header{Name: "../app", Mode: 0o755}, program))
		}),
		packed("archive with a link", release.TarGzip, "app", func(_ *Publisher, program []byte) []byte {
			return gzipped(tarred(tar.Header{Name: "app", Typeflag: tar.TypeSymlink, Linkname: "/bin/sh"}, nil))
		}),
		packed("archive without the program", release.TarGzip, "app", func(_ *Publisher, program []byte) []byte {
			return gzipped(tarred(tar.Header{Name: "other", Mode: 0o755}, program))
		}),
	}
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data) // to memory
	w.Close()
	return b.Bytes()
}

func tarred(h tar.Header, data []byte) []byte {
	var b bytes.Buffer
	h.Size = int64(len(data))
	w := tar.NewWriter(&b)
	w.WriteHeader(&h) // to memory
	w.Write(data)
	w.Close()
	return b.Bytes()
}
