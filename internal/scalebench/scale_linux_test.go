package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) != "" {
		service()
		return
	}
	os.Exit(m.Run())
}

// TestNoConnectionFailsAtScale counts what has failed, and looks at no times.
func TestNoConnectionFailsAtScale(t *testing.T) {
	scales := []scale{{200, 0}, {1, 2000}, {200, 2000}}
	if testing.Short() {
		scales = []scale{{50, 300}}
	}
	results, err := measure(t.Context(), scales, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.failed != 0 || r.notMoved != 0 {
			t.Errorf("%d listeners, %d connections: %d failed, %d were not moved, want 0", r.listeners, r.connections, r.failed, r.notMoved)
		}
	}
}
