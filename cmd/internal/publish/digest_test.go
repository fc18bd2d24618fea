package publish_test

import (
	"crypto/sha256"

	"github.com/seed-3d078585/overseer/release"
)

func digestOf(data []byte) release.Digest { return sha256.Sum256(data) }
