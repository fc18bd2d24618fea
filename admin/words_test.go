package admin_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// words are the types of Go that the document describes, by name.
func words() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	for _, v := range []any{
		admin.Status{}, admin.Release{}, admin.Generation{}, admin.Change{}, admin.Connections{}, admin.Usage{}, admin.Operation{},
		admin.Candidate{}, admin.Source{}, admin.Hold{}, admin.Entry{}, admin.Attempt{}, admin.Step{}, admin.Sample{},
		admin.GenerationSample{}, admin.Event{},
	} {
		all[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	for name, v := range admin.Wire() {
		all[name] = reflect.TypeOf(v)
	}
	return all
}

// Each member of the words is described as it is, and nothing else is.
func TestWordsAreDescribed(t *testing.T) {
	d := readDocument(t)
	types := words()
	for name, schema := range d.at("components", "schemas") {
		object := schema.(map[string]any)
		if object["type"] == "object" && types[name] == nil && !strings.HasSuffix(name, "Order") {
			t.Errorf("the schema %s describes no type of this package", name)
		}
	}
	for name, typ := range types {
		schema := d.at("components", "schemas", name)
		if schema == nil {
			t.Errorf("the type %s has no schema", name)
			continue
		}
		properties, _ := schema["properties"].(map[string]any)
		fields := map[string]reflect.StructField{}
		for _, f := range reflect.VisibleFields(typ) {
			if !f.Anonymous {
				fields[strings.Split(f.Tag.Get("json"), ",")[0]] = f
			}
		}
		if got, want := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the type %v", name, got, want)
			continue
		}
		required, _ := schema["required"].([]any)
		for member, f := range fields {
			optional := strings.Contains(f.Tag.Get("json"), "omit")
			if optional == slices.Contains(required, any(member)) {
				t.Errorf("%s.%s: the schema and the type differ in whether it can be left out", name, member)
			}
			got, want := shape(properties[member].(map[string]any)), shapeOf(f.Type, !optional)
			if got != want {
				t.Errorf("%s.%s: the schema is %s, the type %s", name, member, got, want)
			}
		}
	}
}

// shape is a schema in one word.
func shape(schema map[string]any) string {
	if ref, ok := schema["$ref"].(string); ok {
		return ref[strings.LastIndexByte(ref, '/')+1:]
	}
	if one, ok := schema["oneOf"].([]any); ok {
		return shape(one[0].(map[string]any)) + " or null"
	}
	switch kind := schema["type"].(string); {
	case kind == "array":
		return "list of " + shape(schema["items"].(map[string]any))
	case schema["format"] != nil:
		return schema["format"].(string)
	default:
		return kind
	}
}

// shapeOf is the same of a type of Go. A pointer that is always there may be null.
func shapeOf(typ reflect.Type, always bool) string {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "date-time"
	case typ.Kind() == reflect.Pointer && always:
		return shapeOf(typ.Elem(), true) + " or null"
	case typ.Kind() == reflect.Pointer:
		return shapeOf(typ.Elem(), true)
	case typ.Kind() == reflect.Slice:
		return "list of " + shapeOf(typ.Elem(), true)
	case typ.PkgPath() != "":
		return typ.Name()
	case typ.Kind() == reflect.Float64:
		return "number"
	case typ.Kind() == reflect.Bool:
		return "boolean"
	case typ.Kind() == reflect.String:
		return "string"
	}
	return "integer"
}

// constants are the values of all constants of a type, as they stand in the source.
func constants(t *testing.T, typ string) (all []string) {
	t.Helper()
	for _, name := range []string{"event.go", "status.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typ {
				text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, text)
			}
			return true
		})
	}
	slices.Sort(all)
	return all
}

// The constants and the document have the same values.
func TestConstantsAreDescribed(t *testing.T) {
	d := readDocument(t)
	for _, name := range []string{"Kind", "Phase", "Condition", "Result", "Target"} {
		var got []string
		for _, v := range d.at("components", "schemas", name)["enum"].([]any) {
			got = append(got, v.(string))
		}
		slices.Sort(got)
		if want := constants(t, name); !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the package %v", name, got, want)
		}
	}
	var stages []string
	for _, v := range d.at("components", "schemas", "Operation", "properties", "stage")["enum"].([]any) {
		stages = append(stages, v.(string))
	}
	if want := admin.Stages(); !slices.Equal(stages, want) {
		t.Errorf("stages: the schema has %v, the package %v", stages, want)
	}
	var kinds []string
	for _, k := range admin.Kinds() {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	if want := constants(t, "Kind"); !slices.Equal(kinds, want) {
		t.Errorf("Kinds() is %v, the constants are %v", kinds, want)
	}
}
