package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// decoder fills Go values from a YAML tree and remembers the line of each. It goes on after a
// mistake, so that all mistakes of a document are reported at once: the decoder of the library ends
// at the first one, and does not say where a value stood once it is read.
type decoder struct {
	errs  []error
	lines map[string]int // path → line
}

// maxYAMLDepth bounds the recursion over a hostile document.
const maxYAMLDepth = 32

// decodeYAML reads one document into out, a pointer to a struct. Unknown and repeated keys,
// values of another type, anchors, aliases and tags are mistakes.
func decodeYAML(text []byte, out any) *decoder {
	d := &decoder{lines: map[string]int{}}
	file, err := parse(text)
	if err != nil {
		d.errs = append(d.errs, err)
		return d
	}
	var docs []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc.Body)
		}
	}
	if len(docs) != 1 {
		d.errs = append(d.errs, fmt.Errorf("one YAML document is expected, there are %d", len(docs)))
		return d
	}
	d.value(docs[0], reflect.ValueOf(out).Elem(), "", 0)
	return d
}

// parse keeps the first line of the parser's message, since the others quote the document. The
// parser and its errors panic on some texts that are not YAML.
func parse(text []byte) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, errors.New("the document is not YAML")
		}
	}()
	file, err = parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("the document is not YAML: %s", first)
	}
	return file, nil
}

func line(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

func (d *decoder) bad(n ast.Node, path, format string, args ...any) {
	d.errs = append(d.errs, mistake(line(n), path, fmt.Sprintf(format, args...)))
}

func mistake(line int, path, text string) error {
	if path == "" {
		return fmt.Errorf("line %d: %s", line, text)
	}
	return fmt.Errorf("line %d: %s: %s", line, path, text)
}

func (d *decoder) value(n ast.Node, v reflect.Value, path string, depth int) {
	d.lines[path] = line(n)
	if depth > maxYAMLDepth {
		d.bad(n, path, "too deeply nested")
		return
	}
	if s, ok := v.Addr().Interface().(*tenant.Instance); ok {
		d.instance(n, s, path, depth)
		return
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		d.mapping(n, v, path, depth)
	case reflect.Slice:
		d.sequence(n, v, path, depth)
	case reflect.String:
		switch s := n.(type) {
		case *ast.StringNode:
			v.SetString(s.Value)
		case *ast.LiteralNode:
			v.SetString(s.Value.Value)
		default:
			d.bad(n, path, "a text is expected; put one that looks like a number or a date in quotes")
		}
	case reflect.Int:
		d.integer(n, v, path)
	default:
		d.bad(n, path, "cannot be set")
	}
}

func (d *decoder) integer(n ast.Node, v reflect.Value, path string) {
	if i, ok := n.(*ast.IntegerNode); ok {
		switch x := i.Value.(type) {
		case uint64:
			if x < 1<<31 {
				v.SetInt(int64(x))
				return
			}
		case int64:
			if x > -1<<31 {
				v.SetInt(x)
				return
			}
		}
	}
	d.bad(n, path, "a whole number is expected")
}

// instance reads a system of a tenant: its name alone, or its name, system and settings as keys.
func (d *decoder) instance(n ast.Node, s *tenant.Instance, path string, depth int) {
	if name, ok := n.(*ast.StringNode); ok {
		*s = tenant.Plain(name.Value)
		return
	}
	keys := map[string]string{}
	d.mapping(n, reflect.ValueOf(&keys).Elem(), path, depth)
	name, named := keys["name"]
	*s = tenant.Plain(keys["system"])
	if named {
		s.Name = name
	}
	delete(keys, "name")
	delete(keys, "system")
	s.Settings = keys
}

func (d *decoder) sequence(n ast.Node, v reflect.Value, path string, depth int) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.bad(n, path, "a list is expected")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values))
	for i, item := range s.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item == nil {
			d.bad(n, at, "this entry is empty")
			continue
		}
		d.value(item, out.Index(i), at, depth+1)
	}
	v.Set(out)
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, path string, depth int) {
	var entries []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		entries = m.Values
	case *ast.MappingValueNode:
		entries = []*ast.MappingValueNode{m}
	default:
		d.bad(n, path, "keys with values are expected")
		return
	}
	seen := map[string]bool{}
	for _, e := range entries {
		key, ok := e.Key.(*ast.StringNode)
		if !ok {
			d.bad(e.Key, path, "a plain word is expected as the key")
			continue
		}
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		if seen[key.Value] {
			d.bad(e.Key, at, "this key is given twice")
			continue
		}
		seen[key.Value] = true
		if v.Kind() == reflect.Map {
			item := reflect.New(v.Type().Elem()).Elem()
			d.value(e.Value, item, at, depth+1)
			if v.IsNil() {
				v.Set(reflect.MakeMap(v.Type()))
			}
			v.SetMapIndex(reflect.ValueOf(key.Value), item)
			continue
		}
		if f, ok := fieldOf(v, key.Value); ok {
			d.value(e.Value, f, at, depth+1)
		} else {
			d.bad(e.Key, at, "this key is unknown; the keys are %s", strings.Join(fieldNames(v), ", "))
		}
	}
}

func fieldOf(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func fieldNames(v reflect.Value) []string {
	var out []string
	for i := range v.NumField() {
		out = append(out, v.Type().Field(i).Tag.Get("yaml"))
	}
	return out
}
