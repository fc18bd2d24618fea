package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

const formatVersion = 1

// strict decodes one JSON value in a form that no two readers understand
// differently: no member twice, no names that differ in case only, nothing after
// the end, no invalid UTF-8, bounded in length and depth.
func strict(data []byte, limit int, v any) error {
	switch {
	case len(data) > limit:
		return fmt.Errorf("%w: %d bytes, more than the %d allowed", ErrFormat, len(data), limit)
	case !utf8.Valid(data):
		return fmt.Errorf("%w: it is not UTF-8", ErrFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, 0); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the end", ErrFormat)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return nil
}

// walk reads one value.
func walk(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return noEOF(err)
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	if depth == maxDepth {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	members := map[string]bool{}
	for dec.More() {
		if open == '{' {
			if err := member(dec, members); err != nil {
				return err
			}
		}
		if err := walk(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the closing one
	return noEOF(err)
}

// member reads the name of one. Only lower-case names are members: encoding/json
// would take "SEQ" for "seq".
func member(dec *json.Decoder, seen map[string]bool) error {
	t, err := dec.Token()
	if err != nil {
		return noEOF(err)
	}
	name, _ := t.(string)
	switch {
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-./") != "":
		return fmt.Errorf("member %.40q: a name has lower-case letters, digits and _-./ only", name)
	case seen[name]:
		return fmt.Errorf("member %.40q appears twice", name)
	}
	seen[name] = true
	return nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readable refuses what this version cannot understand in full.
func readable(format int, critical, known []string) error {
	if format != formatVersion {
		return fmt.Errorf("%w (its format is %d, this program reads %d)", ErrCritical, format, formatVersion)
	}
	for _, name := range critical {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w (%.40q is critical and unknown)", ErrCritical, name)
		}
	}
	return nil
}

// membersOf lists the names of a struct's members in JSON.
func membersOf(v any) (names []string) {
	for f := range reflect.TypeOf(v).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func encode(v any, limit int) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	if out.Len() > limit {
		return nil, fmt.Errorf("%w: %d bytes, more than the %d that a reader takes", ErrFormat, out.Len(), limit)
	}
	return out.Bytes(), nil
}
