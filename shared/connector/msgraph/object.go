package msgraph

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// Members returns an object with those members that keep accepts, every byte of them as it was. It
// fails when object is not one JSON object.
func Members(object json.RawMessage, keep func(name string, value json.RawMessage) bool) (json.RawMessage, error) {
	in := jsontext.NewDecoder(bytes.NewReader(object))
	if t, err := in.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, errNotJSON
	}
	out := bytes.NewBuffer(append(make([]byte, 0, len(object)), '{'))
	for in.PeekKind() != '}' {
		raw, err := in.ReadValue()
		if err != nil {
			return nil, errNotJSON
		}
		raw = raw.Clone() // the next read overwrites it
		value, err := in.ReadValue()
		if err != nil {
			return nil, errNotJSON
		}
		var name string
		if json.Unmarshal(raw, &name) != nil {
			return nil, errNotJSON
		}
		if !keep(name, json.RawMessage(value)) {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(raw)
		out.WriteByte(':')
		out.Write(value)
	}
	if _, err := in.ReadToken(); err != nil || len(bytes.TrimSpace(object[in.InputOffset():])) != 0 {
		return nil, errNotJSON
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// decodeObject takes @odata.context out of an answer: it describes the answer and not the object.
func decodeObject(body []byte) (json.RawMessage, error) {
	return Members(body, func(name string, _ json.RawMessage) bool { return name != "@odata.context" })
}
