package main

import (
	"bytes"
	"testing"
	"time"
)

// TestSkewFits: this Go's own time.Now can be given a skew. Building all of Go anew
// is for a run by hand.
func TestSkewFits(t *testing.T) {
	_, text, err := timeSource()
	if err != nil {
		t.Fatal(err)
	}
	changed, err := skewed(text)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(changed, []byte("sec += *Skew")) {
		t.Error("the skew is not added")
	}
}

// TestUnskewed: each jump is so long that the time tells which one it was.
func TestUnskewed(t *testing.T) {
	h := &host{story: newStory(nil)}
	now := time.Now()
	for _, jump := range append(jumps, 0) {
		if got := h.unskewed(now.Add(jump)); !got.Equal(now) {
			t.Errorf("a clock that is %v ahead: %v, want %v", jump, got, now)
		}
	}
}
