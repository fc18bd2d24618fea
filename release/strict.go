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

// A form is one JSON object that no two readers understand differently: no
// member twice, no names that differ in case only, no null, nothing after the
// end, no invalid UTF-8 and no half of a surrogate pair, bounded in length and
// depth.
type form []byte

// strict returns data where it is such a form.
func strict(data []byte, limit int) (form, error) {
	switch {
	case len(data) > limit:
		return nil, wrong("%d bytes, more than the %d allowed", len(data), limit)
	case !utf8.Valid(data):
		return nil, wrong("it is not UTF-8")
	case !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")):
		return nil, wrong("it is no JSON object")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := walk(dec, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, wrong("something follows the end")
	}
	return form(data), nil
}

// decode fills v with the members that it knows.
func (f form) decode(v any) error {
	if err := json.Unmarshal(f, v); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return nil
}

// A head is what is read first: it says whether the rest can be.
type head struct {
	Format   *int     `json:"format"`
	Critical []string `json:"critical"`
}

// readable refuses what this version cannot understand in full.
func (f form) readable(known []string) error {
	var h head
	if err := f.decode(&h); err != nil {
		return err
	}
	switch {
	case h.Format == nil || *h.Format < 1:
		return wrong("it has no format: want %d", formatVersion)
	case *h.Format != formatVersion:
		return fmt.Errorf("%w (its format is %d, this program reads %d)", ErrCritical, *h.Format, formatVersion)
	}
	for _, name := range h.Critical {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%w (%.40q is critical and unknown)", ErrCritical, name)
		}
	}
	return nil
}

// read is strict, readable and decode in one.
func read(data []byte, limit int, known []string, v any) error {
	f, err := strict(data, limit)
	if err != nil {
		return err
	}
	if err := f.readable(known); err != nil {
		return err
	}
	return f.decode(v)
}

// walk reads one value.
func walk(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return noEOF(err)
	}
	open, ok := t.(json.Delim)
	if !ok {
		return plain(t)
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

// plain looks at a value that holds no other.
func plain(t json.Token) error {
	switch v := t.(type) {
	case nil:
		return errors.New("null: leave out what is not there")
	case string:
		if strings.ContainsRune(v, utf8.RuneError) { // which half a surrogate pair is read as
			return fmt.Errorf("string %.40q: it has a character that is none", v)
		}
	}
	return nil
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
		return nil, wrong("%d bytes, more than the %d that a reader takes", out.Len(), limit)
	}
	return out.Bytes(), nil
}
