package runfile

import (
	"bytes"
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// eachKey visits the keys of a file, with their values and the lines that they
// are on, up to an error of syntax, which is left to the decoder. A key of a
// table is not visited: no setting is in one.
func eachKey(text []byte, visit func(key string, line int, value *unstable.Node) error) error {
	var p unstable.Parser
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			name := e.Key()
			name.Next()
			return visit(string(name.Node().Data), lineAt(text, name.Node()), e)
		case unstable.KeyValue:
			name := e.Key()
			name.Next()
			if err := visit(string(name.Node().Data), lineAt(text, name.Node()), e.Value()); err != nil {
				return err
			}
		}
	}
	return nil
}

func lineAt(text []byte, n *unstable.Node) int {
	return 1 + bytes.Count(text[:n.Raw.Offset], []byte{'\n'})
}

// checkTypes compares the types of values with those of settings. The decoder
// would say less: some of its errors name no line.
func checkTypes(path string, text []byte) error {
	return eachKey(text, func(key string, line int, value *unstable.Node) error {
		want := wantOf(key)
		if want == "" || fits(key, value) {
			return nil // the decoder tells of keys that are not known
		}
		return fmt.Errorf("%s:%d: key %q: want %s", path, line, key, want)
	})
}

func fits(key string, value *unstable.Node) bool {
	switch {
	case IsBool(key):
		return value.Kind == unstable.Bool
	case !isList(key):
		return value.Kind == unstable.String
	case value.Kind != unstable.Array:
		return false
	}
	for each := value.Children(); each.Next(); {
		if each.Node().Kind != unstable.String {
			return false
		}
	}
	return true
}

// LineOf returns the line on which a file sets a key, or 0.
func LineOf(path, key string) int {
	text, err := readFile(path)
	if err != nil {
		return 0
	}
	found := 0
	eachKey(text, func(name string, line int, _ *unstable.Node) error {
		if name == key && found == 0 {
			found = line
		}
		return nil
	})
	return found
}
