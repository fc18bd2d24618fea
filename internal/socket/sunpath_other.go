//go:build !linux

package socket

// BSD and macOS: sun_path has 104 bytes. Windows has 108; the smaller bound
// keeps one configuration good for all.
const (
	sunPathMax  = 104
	hasAbstract = false
)
