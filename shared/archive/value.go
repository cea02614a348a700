package archive

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const (
	longestText = 4_000 // characters of one value that the index shows
	mostNodes   = 2_000 // values of one record that the index shows
	deepest     = 8     // levels of nesting that the index shows; below that, JSON
)

// field is a title and the value under it.
type field struct {
	Title string
	Value value
}

// value is a JSON value in words: a text, or what it is made of.
type value struct {
	Text   string
	Items  []value
	Fields []field
	Cut    bool // there is more in the file
}

// describer puts one record into words.
type describer struct {
	titles map[string]string // of the columns
	order  map[string]int
	left   int // nodes that may still be shown
}

// describe puts a record into words: its declared columns in their order, then the rest. Empty
// fields are left out.
func describe(raw jsontext.Value, kind connector.Kind) ([]field, error) {
	d := describer{titles: map[string]string{}, order: map[string]int{}, left: mostNodes}
	for i, c := range kind.Columns {
		d.titles[c.Name], d.order[c.Name] = c.Title, i
	}
	declared := make([]*field, len(kind.Columns))
	var rest []field
	err := members(raw, func(name string, v jsontext.Value) error {
		f, ok, err := d.field(d.titles[name], name, v, 1)
		if err != nil || !ok {
			return err
		}
		if i, known := d.order[name]; known {
			declared[i] = &f
		} else {
			rest = append(rest, f)
		}
		return nil
	})
	out := make([]field, 0, len(kind.Columns)+len(rest))
	for _, f := range declared {
		if f != nil {
			out = append(out, *f)
		}
	}
	return append(out, rest...), err
}

// field returns a member in words; ok is false when it is empty.
func (d *describer) field(title, name string, v jsontext.Value, depth int) (field, bool, error) {
	if title == "" {
		title, _ = cut(titleOf(name), 200)
	}
	val, ok, err := d.value(v, depth)
	return field{title, val}, ok, err
}

// value returns a value in words; ok is false for null, an empty text, an empty list and an
// empty object.
func (d *describer) value(v jsontext.Value, depth int) (value, bool, error) {
	if d.left--; d.left < 0 {
		return value{Text: "…", Cut: true}, d.left == -1, nil
	}
	k := v.Kind()
	if depth > deepest && (k == '{' || k == '[') {
		s, long := cut(string(v), longestText)
		return value{Text: s, Cut: long}, true, nil
	}
	switch k {
	case '"':
		b, err := jsontext.AppendUnquote(nil, v)
		s, long := cut(readable(string(b)), longestText)
		return value{Text: s, Cut: long}, s != "", err
	case 't':
		return value{Text: "Yes"}, true, nil
	case 'f':
		return value{Text: "No"}, true, nil
	case '0':
		s, long := cut(string(v), longestText)
		return value{Text: s, Cut: long}, true, nil
	case '[':
		return d.list(v, depth)
	case '{':
		return d.object(v, depth)
	}
	return value{}, false, nil
}

func (d *describer) list(v jsontext.Value, depth int) (value, bool, error) {
	var out value
	err := elementsOf(v, func(e jsontext.Value) error {
		item, ok, err := d.value(e, depth+1)
		if ok {
			out.Items = append(out.Items, item)
		}
		return err
	})
	return out, len(out.Items) > 0, err
}

func (d *describer) object(v jsontext.Value, depth int) (value, bool, error) {
	var out value
	err := members(v, func(name string, e jsontext.Value) error {
		f, ok, err := d.field("", name, e, depth+1)
		if ok {
			out.Fields = append(out.Fields, f)
		}
		return err
	})
	return out, len(out.Fields) > 0, err
}

// readable writes a time in words and leaves every other text as it is.
func readable(s string) string {
	if len(s) >= len("2006-01-02T15:04:05Z") && len(s) <= 35 && s[4] == '-' && s[10] == 'T' {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC().Format("2 January 2006, 15:04:05 UTC")
		}
	}
	return s
}

// cut shortens a text to n characters and reports whether something is missing.
func cut(s string, n int) (string, bool) {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s, false
	}
	at := 0
	for i := range s {
		if at == n {
			return strings.TrimRightFunc(s[:i], func(r rune) bool { return r == ' ' }), true
		}
		at++
	}
	return s, false
}

// members calls f for each member of an object.
func members(raw jsontext.Value, f func(name string, v jsontext.Value) error) error {
	return walk(raw, '{', func(dec *jsontext.Decoder) error {
		name, err := dec.ReadToken()
		if err != nil {
			return errRecord(dec)
		}
		key := name.String()
		v, err := dec.ReadValue()
		if err != nil {
			return errRecord(dec)
		}
		return f(key, v)
	})
}

// elementsOf calls f for each element of an array.
func elementsOf(raw jsontext.Value, f func(jsontext.Value) error) error {
	return walk(raw, '[', func(dec *jsontext.Decoder) error {
		v, err := dec.ReadValue()
		if err != nil {
			return errRecord(dec)
		}
		return f(v)
	})
}

func walk(raw jsontext.Value, open jsontext.Kind, step func(*jsontext.Decoder) error) error {
	dec := jsontext.NewDecoder(bytes.NewReader(raw))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != open {
		return errRecord(dec)
	}
	for k := dec.PeekKind(); k != '}' && k != ']'; k = dec.PeekKind() {
		if err := step(dec); err != nil {
			return err
		}
	}
	return nil
}

// errRecord names a place and never a value.
func errRecord(dec *jsontext.Decoder) error {
	return fmt.Errorf("archive: a stored record cannot be read (byte %d)", dec.InputOffset())
}
