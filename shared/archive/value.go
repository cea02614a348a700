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

// plain reports whether a value is all of a text. Most are, and need no template of their own.
func (v value) plain() bool { return len(v.Items)+len(v.Fields) == 0 && !v.Cut }

// describer puts the records of one kind into words, one after the other.
type describer struct {
	columns []string          // titles, in their order
	order   map[string]int    // of the columns
	titles  map[string]string // of other members, as they were met
	dec     *jsontext.Decoder
	name    []byte
	left    int // nodes of the record that may still be shown
}

// mostTitles bounds the titles that are kept for the next record.
const mostTitles = 1_000

func newDescriber(kind connector.Kind) *describer {
	d := &describer{order: map[string]int{}, titles: map[string]string{}, dec: jsontext.NewDecoder(bytes.NewReader(nil))}
	for i, c := range kind.Columns {
		d.order[c.Name] = i
		d.columns = append(d.columns, c.Title)
		if c.Title == "" {
			d.columns[i] = d.title([]byte(c.Name))
		}
	}
	return d
}

// record puts a record into words: its declared columns in their order, then the rest. Empty
// fields are left out. A name that a record has twice was refused when it was read.
func (d *describer) record(raw jsontext.Value) ([]field, error) {
	d.left = mostNodes
	d.dec.Reset(bytes.NewReader(raw), jsontext.AllowDuplicateNames(true))
	if d.dec.PeekKind() != '{' {
		return nil, errRecord(d.dec)
	}
	declared, rest := make([]field, len(d.columns)), []field(nil)
	has := make([]bool, len(d.columns))
	err := d.members(func(name []byte) error {
		i, known := d.order[string(name)]
		var title string
		if !known {
			title = d.title(name)
		}
		v, ok, err := d.value(1)
		switch {
		case err != nil || !ok:
		case known:
			declared[i], has[i] = field{d.columns[i], v}, true
		default:
			rest = append(rest, field{title, v})
		}
		return err
	})
	out := make([]field, 0, len(declared)+len(rest))
	for i, f := range declared {
		if has[i] {
			out = append(out, f)
		}
	}
	return append(out, rest...), err
}

// title makes a title of a member's name.
func (d *describer) title(name []byte) string {
	t, ok := d.titles[string(name)]
	if !ok {
		t, _ = cut(titleOf(string(name)), 200)
		if len(d.titles) < mostTitles {
			d.titles[string(name)] = t
		}
	}
	return t
}

// value reads the next value and returns it in words; ok is false for null, an empty text, an
// empty list and an empty object.
func (d *describer) value(depth int) (v value, ok bool, err error) {
	k := d.dec.PeekKind()
	if d.left--; d.left < 0 {
		if d.dec.SkipValue() != nil {
			err = errRecord(d.dec)
		}
		return value{Text: "…", Cut: true}, d.left == -1, err
	}
	if depth <= deepest && k == '[' {
		err = d.list(&v, depth)
		return v, len(v.Items) > 0, err
	}
	if depth <= deepest && k == '{' {
		err = d.object(&v, depth)
		return v, len(v.Fields) > 0, err
	}
	raw, err := d.dec.ReadValue()
	if err != nil {
		return v, false, errRecord(d.dec)
	}
	switch k {
	case '"':
		b, err := jsontext.AppendUnquote(nil, raw)
		v.Text, v.Cut = cut(readable(string(b)), longestText)
		return v, v.Text != "", err
	case 't':
		v.Text = "Yes"
	case 'f':
		v.Text = "No"
	case '0', '[', '{':
		v.Text, v.Cut = cut(string(raw), longestText)
	default:
		return v, false, nil
	}
	return v, true, nil
}

func (d *describer) list(v *value, depth int) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return errRecord(d.dec)
	}
	for d.dec.PeekKind() != ']' {
		item, ok, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		if ok {
			v.Items = append(v.Items, item)
		}
	}
	return d.end()
}

func (d *describer) object(v *value, depth int) error {
	return d.members(func(name []byte) error {
		title := d.title(name)
		of, ok, err := d.value(depth + 1)
		if ok {
			v.Fields = append(v.Fields, field{title, of})
		}
		return err
	})
}

// members reads an object. It calls f for each member, which reads the value; the name is valid
// until then.
func (d *describer) members(f func(name []byte) error) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return errRecord(d.dec)
	}
	for d.dec.PeekKind() != '}' {
		raw, err := d.dec.ReadValue()
		if err != nil {
			return errRecord(d.dec)
		}
		if d.name, err = jsontext.AppendUnquote(d.name[:0], raw); err != nil {
			return errRecord(d.dec)
		}
		if err := f(d.name); err != nil {
			return err
		}
	}
	return d.end()
}

// end reads the end of a list or an object.
func (d *describer) end() error {
	if _, err := d.dec.ReadToken(); err != nil {
		return errRecord(d.dec)
	}
	return nil
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

// errRecord names a place and never a value.
func errRecord(dec *jsontext.Decoder) error {
	return fmt.Errorf("archive: a stored record cannot be read (byte %d)", dec.InputOffset())
}
