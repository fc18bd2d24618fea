package fetcher

import (
	"fmt"
	"io/fs"
	"net/url"
	"time"
)

// orDefault gives the value that a field stands for when it is zero.
func orDefault[T int64 | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// checkFields refuses what could only be a mistake. name is the type's.
func checkFields(name string, interval, stall time.Duration, maxSize int64) error {
	switch {
	case interval < 0:
		return fmt.Errorf("%s.Interval is %v: it must not be negative (0 is the default)", name, interval)
	case stall < 0:
		return fmt.Errorf("%s.StallTimeout is %v: it must not be negative (0 is the default)", name, stall)
	case maxSize < 0:
		return fmt.Errorf("%s.MaxSize is %d: it must not be negative (0 is the default)", name, maxSize)
	}
	return nil
}

// checkURL refuses what cannot be asked. field is its name.
func checkURL(field, value string) error {
	u, err := url.Parse(value)
	switch {
	case value == "":
		return fmt.Errorf("%s is empty: name the http or https URL of the program", field)
	case err != nil:
		return fmt.Errorf("%s cannot be read: %w", field, plain(err))
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("%s is %q: it must be http://host/… or https://host/…", field, sourceOf(u))
	}
	return nil
}

// errTreePath is of a source that has both fields. name is the type's.
func errTreePath(name string) error {
	return fmt.Errorf("%s has both Tree and Path: with Tree all of the archive is the release", name)
}

// checkPath refuses what is no name of a file in an archive. field is its name.
func checkPath(field, value string) error {
	if value != "" && (!fs.ValidPath(value) || value == ".") {
		return fmt.Errorf("%s is %q: it must be a path inside the archive, with slashes, and none of its names is a dot or two", field, value)
	}
	return nil
}
