package msgraph

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// decodeObject takes @odata.context out of an object and leaves every other byte of its members as it was.
func decodeObject(body []byte) (json.RawMessage, error) {
	in := jsontext.NewDecoder(bytes.NewReader(body))
	if t, err := in.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, errNotJSON
	}
	var out bytes.Buffer
	out.WriteByte('{')
	for in.PeekKind() != '}' {
		name, err := in.ReadValue()
		if err != nil {
			return nil, errNotJSON
		}
		name = name.Clone() // the next read overwrites it
		value, err := in.ReadValue()
		if err != nil {
			return nil, errNotJSON
		}
		if string(name) == `"@odata.context"` {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	if _, err := in.ReadToken(); err != nil || len(bytes.TrimSpace(body[in.InputOffset():])) != 0 {
		return nil, errNotJSON
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
