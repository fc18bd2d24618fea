package release_test

import (
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

// The order of versions is one: what is lower one way is higher the other, and
// what is no version is lower than what is one.
func FuzzVersions(f *testing.F) {
	for _, c := range [][2]string{
		{"1.2.3", "v1.2.3"}, {"1.2.3-rc.1", "1.2.3"}, {"1.2.3+a", "1.2.3+b"}, {"1.2", "01.2.3"}, {"", "v"}, {"vv1.0.0", "1.0.0-"},
		{"99999999999999999999.0.0", "1.0.0-0.99999999999999999999"}, {"1.0.0-\x00", "1.0.0\n"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, v, w string) {
		there, back := release.CompareVersions(v, w), release.CompareVersions(w, v)
		if there != -back {
			t.Fatalf("%q to %q is %d, and the other way %d", v, w, there, back)
		}
		if release.ValidVersion(v) && !release.ValidVersion(w) && there < 0 {
			t.Fatalf("%q is a version and lower than %q, which is none", v, w)
		}
	})
}

// A digest is what it is written as, or nothing.
func FuzzDigest(f *testing.F) {
	for _, text := range []string{"", "00", "sha256:", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := release.ParseDigest(text)
		if err != nil {
			return
		}
		if again, err := release.ParseDigest(d.String()); err != nil || again != d {
			t.Fatalf("%q is read as %v, and that as %v (%v)", text, d, again, err)
		}
	})
}
