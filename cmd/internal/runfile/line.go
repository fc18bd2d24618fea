package runfile

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// LineOf returns the line on which a file sets a key, or 0. The file was read
// before, so it is well formed.
func LineOf(path, key string) int {
	text, err := readFile(path)
	if err != nil {
		return 0
	}
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.KeyValue {
			continue
		}
		for name := e.Key(); name.Next(); {
			if n := name.Node(); string(n.Data) == key {
				return 1 + bytes.Count(text[:n.Raw.Offset], []byte{'\n'})
			}
		}
	}
	return 0
}
