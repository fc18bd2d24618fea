package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
)

// machineFiles hold an ID that stays for the life of an installation, where a
// system has one: see machine-id(5).
var machineFiles = [...]string{"/etc/machine-id", "/var/lib/dbus/machine-id"}

// machineID tells this host from others: that of the host where it is given,
// else the system's, else the host's name. It is hashed, as machine-id(5) asks
// of whoever uses it: what a log or a message may show tells nothing of it.
func machineID(given string) string {
	id := given
	if id == "" {
		id = systemID()
	}
	sum := sha256.Sum256([]byte("overseer rollout\x00" + id))
	return hex.EncodeToString(sum[:])
}

func systemID() string {
	for _, name := range machineFiles {
		if text, err := os.ReadFile(name); err == nil {
			if id := strings.TrimSpace(string(text)); isMachineID(id) {
				return id
			}
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// isMachineID excludes the word that stands there before the first boot, and an
// ID of zeros.
func isMachineID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "" && strings.Trim(s, "0") != ""
}
