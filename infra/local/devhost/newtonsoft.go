package devhost

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The host writes its envelopes with Newtonsoft.Json. This file writes the same bytes: compact, members in order, non-ASCII and
// <>& as they are.

// quote is text as a JSON string.
func quote(text string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(text) + 2)
	b.WriteByte('"')
	for _, r := range text {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029 {
				b.WriteString(`\u`)
				for shift := 12; shift >= 0; shift -= 4 {
					b.WriteByte(hex[r>>shift&15])
				}
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// twice is how the host passes text: as a JSON string that holds a JSON string.
func twice(text string) string { return quote(quote(text)) }

// members is an object under construction.
type members []member

type member struct{ name, raw string }

// set adds a member, or replaces the value of one whose name differs in case only, in its place and under its first name.
func (m members) set(name, raw string) members {
	for i := range m {
		if strings.EqualFold(m[i].name, name) {
			m[i].raw = raw
			return m
		}
	}
	return append(m, member{name, raw})
}

func (m members) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, one := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(one.name))
		b.WriteByte(':')
		b.WriteString(one.raw)
	}
	b.WriteByte('}')
	return b.String()
}

// pollute adds to Metadata what the host adds of a message that is a JSON object: its members but arrays and nulls, objects as
// objects, all else as text. They overwrite what is there. Text that is no such object adds nothing.
func pollute(meta members, text string) members {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") || !utf8.ValidString(text) {
		return meta
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return meta
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return meta
	}
	for _, m := range v.object {
		if strings.HasSuffix(strings.ToLower(m.name), "trigger") {
			continue
		}
		switch {
		case m.value.kind == 'o':
			meta = meta.set(m.name, m.value.String())
		case m.value.kind == 's':
			meta = meta.set(m.name, twice(m.value.text))
		}
	}
	return meta
}

// value is a parsed JSON value that keeps the order of members.
type value struct {
	kind   byte   // o(bject), a(rray), s(calar that can be text), n(ull)
	text   string // of a scalar, as .NET converts it
	raw    string // of a scalar
	object []property
	array  []value
}

type property struct {
	name  string
	value value
}

// maxDepth is Newtonsoft's.
const maxDepth = 64

func readValue(d *json.Decoder, depth int) (value, error) {
	token, err := d.Token()
	if err != nil {
		return value{}, err
	}
	switch t := token.(type) {
	case nil:
		return value{kind: 'n', raw: "null"}, nil
	case bool:
		if t {
			return value{kind: 's', text: "True", raw: "true"}, nil
		}
		return value{kind: 's', text: "False", raw: "false"}, nil
	case json.Number:
		return value{kind: 's', text: number(t), raw: t.String()}, nil
	case string:
		return value{kind: 's', text: t, raw: quote(t)}, nil
	case json.Delim:
		if depth == maxDepth {
			return value{}, errors.New("too deep")
		}
		if t == '{' {
			return readObject(d, depth)
		}
		return readArray(d, depth)
	}
	return value{}, errors.New("no such token")
}

func readObject(d *json.Decoder, depth int) (value, error) {
	v := value{kind: 'o'}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return value{}, err
		}
		below, err := readValue(d, depth+1)
		if err != nil {
			return value{}, err
		}
		v.put(name.(string), below)
	}
	_, err := d.Token()
	return v, err
}

// put keeps the last of several members with one name, in the place of the first.
func (v *value) put(name string, below value) {
	for i := range v.object {
		if v.object[i].name == name {
			v.object[i].value = below
			return
		}
	}
	v.object = append(v.object, property{name, below})
}

func readArray(d *json.Decoder, depth int) (value, error) {
	v := value{kind: 'a'}
	for d.More() {
		below, err := readValue(d, depth+1)
		if err != nil {
			return value{}, err
		}
		v.array = append(v.array, below)
	}
	_, err := d.Token()
	return v, err
}

// String is the value as compact JSON.
func (v value) String() string {
	switch v.kind {
	case 'o':
		var m members
		for _, p := range v.object {
			m = append(m, member{p.name, p.value.String()})
		}
		return m.String()
	case 'a':
		parts := make([]string, len(v.array))
		for i, below := range v.array {
			parts[i] = below.String()
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return v.raw
}

// number is a JSON number as .NET's text of it: integers as written, others by their shortest form.
func number(n json.Number) string {
	if !strings.ContainsAny(n.String(), ".eE") {
		return n.String()
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return strconv.FormatFloat(f, 'G', -1, 64)
}
