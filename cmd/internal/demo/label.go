package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// A behaviour is what a version of the service does.
type behaviour string

const (
	good           behaviour = "good"
	crashAtStart   behaviour = "crash-at-start"
	hangAtStart    behaviour = "hang-at-start"
	unhealthy      behaviour = "unhealthy"
	crashInService behaviour = "crash-in-service"
)

// A label stands behind the image of an executable, where no loader looks, and
// says which version of the service it is.
type label struct {
	version   string
	behaviour behaviour
}

const (
	labelSize  = 64
	labelMagic = "overseer demo\n"
)

var errNoLabel = errors.New("the executable bears no label: this command is started by the demo only")

// bytes returns the label as it stands at the end of the file.
func (l label) bytes() []byte {
	text := labelMagic + l.version + " " + string(l.behaviour)
	if len(text) > labelSize {
		panic(fmt.Sprintf("label %q is longer than %d bytes", text, labelSize)) // the script is constant
	}
	return append([]byte(text), bytes.Repeat([]byte{'\n'}, labelSize-len(text))...)
}

// readLabel returns the label at the end of a file of this size.
func readLabel(r io.ReaderAt, size int64) (label, error) {
	text := make([]byte, labelSize)
	if size < labelSize {
		return label{}, errNoLabel
	}
	if _, err := r.ReadAt(text, size-labelSize); err != nil {
		return label{}, fmt.Errorf("read the label: %w", err)
	}
	rest, ok := strings.CutPrefix(string(text), labelMagic)
	version, does, found := strings.Cut(strings.TrimRight(rest, "\n"), " ")
	if !ok || !found {
		return label{}, errNoLabel
	}
	return label{version, behaviour(does)}, nil
}

// labelOf returns the label of an executable.
func labelOf(path string) (label, error) {
	f, err := os.Open(path)
	if err != nil {
		return label{}, fmt.Errorf("read the label: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return label{}, fmt.Errorf("read the label: %w", err)
	}
	return readLabel(f, info.Size())
}
