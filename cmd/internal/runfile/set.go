package runfile

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// IsBool reports whether a setting is true or false.
func IsBool(key string) bool { return wantOf(key) == "true or false" }

// Set takes a setting from a text, as a flag has it. A list grows by it, or
// begins with it where first says so.
func (s *Settings) Set(key, text string, first bool) error {
	i := 0
	for f := range fields() {
		if f.Tag.Get("toml") == key {
			return set(reflect.ValueOf(s).Elem().Field(i), text, first)
		}
		i++
	}
	return fmt.Errorf("there is no setting %q", key)
}

func set(v reflect.Value, text string, first bool) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q: want true or false", text)
		}
		v.SetBool(b)
	case reflect.Slice:
		one := reflect.New(v.Type().Elem()).Elem()
		if err := set(one, text, true); err != nil {
			return err
		}
		if first {
			v.SetLen(0)
		}
		v.Set(reflect.Append(v, one))
	default:
		v.SetString(text)
	}
	return nil
}
