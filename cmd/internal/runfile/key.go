package runfile

import (
	"reflect"
	"strings"
)

// Keys are the names of all settings, in their order.
func Keys() (all []string) {
	for f := range fields() {
		all = append(all, f.Tag.Get("toml"))
	}
	return all
}

func fields() func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		t := reflect.TypeFor[Settings]()
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// isList reports whether a setting is a list.
func isList(key string) bool {
	for f := range fields() {
		if f.Tag.Get("toml") == key {
			return f.Type.Kind() == reflect.Slice
		}
	}
	return false
}

// wantOf says in words what a key takes.
func wantOf(key string) string {
	for f := range fields() {
		if f.Tag.Get("toml") != key {
			continue
		}
		switch f.Type.Kind() {
		case reflect.Bool:
			return "true or false"
		case reflect.Slice:
			return `a list of texts: ["one", "two"]`
		}
		if f.Type == reflect.TypeFor[Span]() {
			return `a time in quotes: "30s"`
		}
		return "a text in quotes"
	}
	return ""
}

// meant guesses which key a mistyped one was to be.
func meant(key string) string {
	plain := func(s string) string {
		return strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(s))
	}
	for _, known := range Keys() {
		if plain(known) == plain(key) || strings.TrimSuffix(plain(key), "s") == plain(known) {
			return ": did you mean " + known + "?"
		}
	}
	return "; they are " + strings.Join(Keys(), ", ")
}
