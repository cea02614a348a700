package entra

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
)

// secrets prove an identity. Graph returns null for most of them in an authentication method.
// Should it ever return one, a package that is handed over is no place for it.
var secrets = []string{"password", "temporaryAccessPass", "secretKey"}

// credentials are those of an application. They say nothing about the person, and they hint at
// the first characters of each secret.
var credentials = []string{"passwordCredentials", "keyCredentials"}

// withoutWithheld returns a record without the members that the kind withholds. A null stays:
// it gives nothing away.
func (k kind) withoutWithheld(record json.RawMessage) (json.RawMessage, error) {
	if len(k.withheld) == 0 {
		return record, nil
	}
	return msgraph.Members(record, func(name string, value json.RawMessage) bool {
		return !slices.Contains(k.withheld, name) || null(value)
	})
}

func null(value json.RawMessage) bool { return bytes.Equal(value, []byte("null")) }

// has reports whether a record has a member that is not null.
func has(record json.RawMessage, name string) bool {
	v := member(record, name)
	return v != nil && !null(v)
}

// member returns a member of a record, nil where there is none. It stops there: a record is looked
// at for one or two members only, which stand near its beginning.
func member(record json.RawMessage, name string) json.RawMessage {
	dec := jsontext.NewDecoder(bytes.NewReader(record), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return nil
	}
	var unquoted [64]byte
	for dec.PeekKind() == '"' {
		raw, err := dec.ReadValue()
		if err != nil {
			return nil
		}
		at, err := jsontext.AppendUnquote(unquoted[:0], raw)
		if err != nil {
			return nil
		}
		if string(at) != name {
			if dec.SkipValue() != nil {
				return nil
			}
			continue
		}
		v, err := dec.ReadValue()
		if err != nil {
			return nil
		}
		return json.RawMessage(v.Clone())
	}
	return nil
}

// hidden reports whether Graph returned a directory object without saying anything about it. It
// does so, with status 200, for objects of a type that the app may not read.
func (k kind) hidden(record json.RawMessage) bool { return k.named && !has(record, "displayName") }
