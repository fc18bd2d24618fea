package publish

import (
	"fmt"
	"path"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// Names in a release directory, with slashes.
const (
	keysName     = "keys.json"
	keysChannel  = "keys" // no channel may have its file
	signatures   = "signatures"
	programs     = "programs"
	deltas       = "deltas"
	history      = "history"
	drafts       = ".draft"
	own          = ".overseer"
	settingsName = own + "/settings.json"
	lockName     = own + "/lock"
	tempName     = own + "/tmp"
)

const manifestEnd = ".json"

func manifestName(channel string) string { return channel + manifestEnd }

// copyName is that of the signatures for minisign -V by hand.
func copyName(name string) string { return name + ".minisig" }

func signatureName(of release.Digest) string { return path.Join(signatures, of.String()+".minisig") }

func historyName(channel string, seq uint64) string {
	return path.Join(history, channel, fmt.Sprintf("%d%s", seq, manifestEnd))
}

func programName(d release.Digest) string { return path.Join(programs, d.String()+".zst") }

func deltaName(from, to release.Digest) string {
	const digits = 16
	return path.Join(deltas, from.String()[:digits]+"-"+to.String()[:digits]+".delta")
}

func draftName(channel string, in string) string { return path.Join(drafts, channel, in) }

// isHidden reports whether a name is never shown to a reader.
func isHidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}
