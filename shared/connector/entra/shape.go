package entra

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph"
)

// withoutSecrets takes what proves an identity out of an authentication method. Graph returns
// null for most of it; should it ever not, a package that is handed over is no place for it.
func withoutSecrets(record json.RawMessage) (json.RawMessage, error) {
	secrets := []string{"password", "temporaryAccessPass", "secretKey"}
	return msgraph.Members(record, func(name string, value json.RawMessage) bool { return !slices.Contains(secrets, name) || null(value) })
}

// withoutCredentials takes an application's credentials out: they say nothing about the person,
// and hint at the first characters of each secret.
func withoutCredentials(record json.RawMessage) (json.RawMessage, error) {
	credentials := []string{"passwordCredentials", "keyCredentials"}
	return msgraph.Members(record, func(name string, _ json.RawMessage) bool { return !slices.Contains(credentials, name) })
}

func null(value json.RawMessage) bool { return bytes.Equal(value, []byte("null")) }

// has reports whether a record has a member that is not null.
func has(record json.RawMessage, member string) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(record, &m) != nil {
		return false
	}
	v, ok := m[member]
	return ok && !null(v)
}

// hidden reports whether Graph returned a directory object without saying anything about it. It
// does so, with 200, for objects of a type that the app may not read.
func (k kind) hidden(record json.RawMessage) bool { return k.named && !has(record, "displayName") }
