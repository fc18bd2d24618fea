package demo

import (
	"bytes"
	"errors"
	"testing"
)

func TestLabelReadsBack(t *testing.T) {
	for _, v := range releases {
		program := append([]byte("\x7fELF and so on"), v.bytes()...)
		got, err := readLabel(bytes.NewReader(program), int64(len(program)))
		if err != nil || got != v.label {
			t.Errorf("label %v reads back as %v, %v", v.label, got, err)
		}
	}
}

func TestNoLabel(t *testing.T) {
	for name, program := range map[string][]byte{
		"empty":           nil,
		"short":           []byte("x"),
		"other program":   bytes.Repeat([]byte("x"), 1000),
		"magic only":      append([]byte(labelMagic), bytes.Repeat([]byte("\n"), labelSize-len(labelMagic))...),
		"label then more": append(first.bytes(), 'x'),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := readLabel(bytes.NewReader(program), int64(len(program))); !errors.Is(err, errNoLabel) {
				t.Errorf("got %v, %v; want %v", got, err, errNoLabel)
			}
		})
	}
}
