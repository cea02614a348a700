package devhost

import (
	"bytes"
	"encoding/json"
	"strings"
)

// quote is text as a JSON string, as the host writes it: non-ASCII and <>& stay as they are.
func quote(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can always be encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// twice is how the host passes text: as a JSON string that holds a JSON string.
func twice(text string) string { return quote(quote(text)) }

// members is a JSON object under construction. Its members keep their order.
type members []member

type member struct{ name, raw string }

// set adds a member. A member of the same name, compared without case, gets the value instead and
// keeps its place and its spelling.
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
		b.WriteString(quote(one.name) + ":" + one.raw)
	}
	b.WriteByte('}')
	return b.String()
}

// setFrom copies the members of a message that is a JSON object, as the host does with
// Metadata: objects as they are, numbers and strings as text; arrays and nulls are left out.
// Existing members are overwritten, so a message with a member id replaces Metadata.Id. Other
// text changes nothing.
func (m members) setFrom(text string) members {
	if !json.Valid([]byte(text)) {
		return m
	}
	d := json.NewDecoder(strings.NewReader(text))
	if t, _ := d.Token(); t != json.Delim('{') {
		return m
	}
	for d.More() {
		name, _ := d.Token() // the text is valid, so neither this nor the value can fail
		var value json.RawMessage
		_ = d.Decode(&value)
		switch value[0] {
		case '{':
			var compact bytes.Buffer
			_ = json.Compact(&compact, value)
			m = m.set(name.(string), compact.String())
		case '"':
			var s string
			_ = json.Unmarshal(value, &s)
			m = m.set(name.(string), twice(s))
		case '[', 'n':
		default:
			m = m.set(name.(string), twice(string(value)))
		}
	}
	return m
}
