package runfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile bounds a file.
const maxFile = 1 << 20

// Read reads a file of settings. The error names the line and the key.
func Read(path string) (Settings, error) {
	text, err := readFile(path)
	if err != nil {
		return Settings{}, err
	}
	if err := checkTypes(path, text); err != nil {
		return Settings{}, err
	}
	var s Settings
	decoder := toml.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return Settings{}, explain(path, err)
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("read settings: %q is longer than %d bytes", path, maxFile)
	}
	return text, nil
}

// explain says in a person's words where a file is wrong. All keys that are not
// known are named at once.
func explain(path string, err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var all []error
		for _, one := range missing.Errors {
			key := strings.Join(one.Key(), ".")
			line, _ := one.Position()
			all = append(all, fmt.Errorf("%s:%d: there is no key %q%s", path, line, key, meant(key)))
		}
		return errors.Join(all...)
	}
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%s: %w", path, err)
	}
	line, column := wrong.Position()
	key := strings.Join(wrong.Key(), ".")
	text := strings.TrimPrefix(wrong.Error(), "toml: ")
	if key == "" {
		return fmt.Errorf("%s:%d:%d: %s", path, line, column, text)
	}
	return fmt.Errorf("%s:%d: key %q: %s", path, line, key, text)
}
