package admin_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-3d078585/overseer/admin"
)

// A document is openapi.json, read into maps.
type document map[string]any

func readDocument(t testing.TB) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(admin.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a path of members.
func (d document) at(path ...string) map[string]any {
	var v any = map[string]any(d)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	m, _ := v.(map[string]any)
	return m
}

// resolve follows a $ref inside the document.
func (d document) resolve(v any) map[string]any {
	m, _ := v.(map[string]any)
	ref, ok := m["$ref"].(string)
	if !ok {
		return m
	}
	return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// validate checks a value against a schema, in the part of JSON Schema that the
// document uses; a keyword outside of it is an error. It is stricter in one thing:
// a member that is not described is wrong.
func (d document) validate(schema map[string]any, v any, where string) []error {
	if schema == nil {
		return []error{fmt.Errorf("%s: there is no schema", where)}
	}
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{where}, args...)...))
	}
	for keyword, want := range schema {
		switch keyword {
		case "description", "default", "required", "additionalProperties": // words, and parts of properties
		case "$ref":
			errs = append(errs, d.validate(d.resolve(schema), v, where)...)
		case "type":
			if !slices.ContainsFunc(asList(want), func(name any) bool { return hasType(v, name.(string)) }) {
				wrong("%v is not of the type %v", v, want)
			}
		case "enum":
			if !slices.Contains(want.([]any), v) {
				wrong("%v is none of %v", v, want)
			}
		case "format":
			if text, ok := v.(string); ok {
				if _, err := time.Parse(time.RFC3339Nano, text); want != "date-time" || err != nil {
					wrong("%q is no %v", v, want)
				}
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(want.(string)).MatchString(text) {
				wrong("%q does not match %q", v, want)
			}
		case "maxLength":
			if text, ok := v.(string); ok && utf8.RuneCountInString(text) > int(want.(float64)) {
				wrong("%q is longer than %v", v, want)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < want.(float64) {
				wrong("%v is less than %v", v, want)
			}
		case "maximum":
			if n, ok := v.(float64); ok && n > want.(float64) {
				wrong("%v is more than %v", v, want)
			}
		case "oneOf":
			errs = append(errs, d.oneOf(want.([]any), v, where)...)
		case "items":
			list, _ := v.([]any)
			for i, item := range list {
				errs = append(errs, d.validate(want.(map[string]any), item, fmt.Sprintf("%s[%d]", where, i))...)
			}
		case "properties":
			errs = append(errs, d.properties(schema, v, where)...)
		default:
			wrong("the keyword %q is not known to this test", keyword)
		}
	}
	return errs
}

func (d document) properties(schema map[string]any, v any, where string) (errs []error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil // the type says so
	}
	known := schema["properties"].(map[string]any)
	for name, member := range object {
		if known[name] == nil {
			errs = append(errs, fmt.Errorf("%s.%s is not described", where, name))
			continue
		}
		errs = append(errs, d.validate(known[name].(map[string]any), member, where+"."+name)...)
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := object[name.(string)]; !ok {
			errs = append(errs, fmt.Errorf("%s.%s is missing", where, name))
		}
	}
	return errs
}

func (d document) oneOf(all []any, v any, where string) []error {
	var first []error
	fits := 0
	for _, one := range all {
		errs := d.validate(one.(map[string]any), v, where)
		if len(errs) == 0 {
			fits++
		} else if first == nil {
			first = errs
		}
	}
	if fits == 1 {
		return nil
	}
	return append(first, fmt.Errorf("%s: %d of the %d schemas fit, want 1", where, fits, len(all)))
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// The validator of these tests sees what is wrong.
func TestValidate(t *testing.T) {
	var d document
	const text = `{"s": {"type": "object", "required": ["a"], "properties": {
		"a": {"type": "integer", "minimum": 1, "maximum": 9},
		"b": {"type": ["string", "null"], "format": "date-time"},
		"c": {"type": "array", "items": {"enum": ["x"]}},
		"d": {"oneOf": [{"$ref": "#/s"}, {"type": "null"}]},
		"e": {"type": "string", "pattern": "^x", "maxLength": 2}}}}`
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]int{
		`{"a": 1}`: 0, `{"a": 1, "b": null, "c": ["x"], "d": {"a": 2}, "e": "xy"}`: 0, `{"a": 1, "b": "2026-01-02T03:04:05Z", "d": null}`: 0,
		`{}`: 1, `{"a": 1.5}`: 1, `{"a": 0}`: 1, `{"a": 10}`: 1, `{"a": "1"}`: 1, `{"a": 1, "b": "today"}`: 1, `{"a": 1, "b": 1}`: 1,
		`{"a": 1, "c": ["y"]}`: 1, `{"a": 1, "d": {}}`: 2, `{"a": 1, "e": "xyz"}`: 1, `{"a": 1, "e": "y"}`: 1, `{"a": 1, "f": 1}`: 1, `[]`: 1,
	} {
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Fatal(err)
		}
		if errs := d.validate(d.at("s"), v, "s"); len(errs) != want {
			t.Errorf("%s: got %v, want %d errors", value, errs, want)
		}
	}
}
