package tracing

import (
	"os/exec"
	"strings"
	"testing"
)

// This module uses public packages only, and its users carry nothing of its tests.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		for _, part := range []string{"seed-3d078585/overseer/internal/", "opentelemetry.io/otel/sdk", "admintest"} {
			if strings.Contains(name, part) {
				t.Errorf("%s is imported", name)
			}
		}
	}
}
