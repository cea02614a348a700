package pii

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Key is one version of a secret key. What is made with it carries the version, so that it can
// still be read after a rotation.
type Key struct {
	Version int    `json:"version"` // 1, 2, …
	Key     []byte `json:"key"`     // 32 bytes; at least 32 of a key for tokens
}

// String hides the key.
func (k Key) String() string { return fmt.Sprintf("key version %d", k.Version) }

// GoString hides the key.
func (k Key) GoString() string { return k.String() }

// Tokens makes keyed, versioned tokens. They replace values in look-ups, query proofs and
// idempotency keys. Without the key a token says nothing about the value, not even to somebody
// who can guess it.
type Tokens struct {
	current Key
	all     []Key
}

// NewTokens makes new tokens with the key of the highest version and recognises old ones with
// all keys.
func NewTokens(keys ...Key) (*Tokens, error) {
	if len(keys) == 0 {
		return nil, errors.New("pii: no token key")
	}
	t := &Tokens{all: keys}
	seen := map[int]bool{}
	for _, k := range keys {
		if len(k.Key) < 32 {
			return nil, fmt.Errorf("pii: token key %d has %d bytes, at least 32 are needed", k.Version, len(k.Key))
		}
		if k.Version < 1 || seen[k.Version] {
			return nil, fmt.Errorf("pii: token key version %d is not positive or is given twice", k.Version)
		}
		seen[k.Version] = true
		if k.Version > t.current.Version {
			t.current = k
		}
	}
	return t, nil
}

// Token returns "v{version}-{64 hex digits}" for a value of a kind in a scope, such as a tenant
// id. The three are hashed with their lengths, so that no two triples share a token.
func (t *Tokens) Token(scope, kind string, v Value) string { return token(t.current, scope, kind, v) }

// All returns the token under every key, in no particular order. A look-up tries each.
func (t *Tokens) All(scope, kind string, v Value) []string {
	out := make([]string, 0, len(t.all))
	for _, k := range t.all {
		out = append(out, token(k, scope, kind, v))
	}
	return out
}

func token(k Key, scope, kind string, v Value) string {
	return fmt.Sprintf("v%d-%s", k.Version, hex.EncodeToString(MAC(k.Key, scope, kind, v.text())))
}

// MAC is HMAC-SHA256 over the parts, each preceded by its length.
func MAC(key []byte, parts ...string) []byte {
	m := hmac.New(sha256.New, key)
	for _, p := range parts {
		fmt.Fprintf(m, "%d:", len(p))
		_, _ = m.Write([]byte(p))
	}
	return m.Sum(nil)
}
