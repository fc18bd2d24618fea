package update

import (
	"archive/tar"
	"bytes"
	"maps"
	"slices"
	"strings"
)

// tarOf is the archive of a directory release. What begins as a script is
// executable.
func tarOf(files map[string]string) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if strings.HasPrefix(files[name], "#!") {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		w.Write([]byte(files[name]))
	}
	w.Close()
	return packed.Bytes()
}
