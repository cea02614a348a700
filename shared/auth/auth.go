// Package auth says who is calling: a machine with a listed key, its tenants and its rights.
package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Right is what a caller may do.
type Right string

// The rights of callers.
const (
	RequestsWrite  Right = "requests.write"
	RequestsRead   Right = "requests.read"
	RequestsDecide Right = "requests.decide"
	RequestsCancel Right = "requests.cancel"
	PackagesRead   Right = "packages.read"
	Bulk           Right = "bulk"
)

// Rights are all rights.
func Rights() []Right {
	return []Right{RequestsWrite, RequestsRead, RequestsDecide, RequestsCancel, PackagesRead, Bulk}
}

// MaxTenants is how many tenants a caller can have: a read by id looks in each of them.
const MaxTenants = 16

// Caller is who is asking.
type Caller struct {
	Name    string
	Tenants []string
	Rights  []Right
}

// Has reports whether the caller has the right.
func (c Caller) Has(r Right) bool { return slices.Contains(c.Rights, r) }

// Owns reports whether the tenant is one of the caller's.
func (c Caller) Owns(tenant string) bool { return slices.Contains(c.Tenants, tenant) }

// Need returns a no-right problem (403) when the caller lacks the right.
func (c Caller) Need(r Right) error {
	if c.Has(r) {
		return nil
	}
	return problem.Newf(problem.NoRight, "", "this call needs the right %s", r)
}

// Digest is the SHA-256 of a key: the key itself is kept nowhere.
type Digest [sha256.Size]byte

// Known is a caller and how it proves itself.
type Known struct {
	Caller
	Key Digest // zero: it cannot call by HTTP
}

// Callers are all callers that are known.
type Callers struct{ known []Known }

// NewCallers refuses two callers with one name or one key.
func NewCallers(known []Known) (*Callers, error) {
	for i, k := range known {
		for _, other := range known[:i] {
			if other.Name == k.Name {
				return nil, fmt.Errorf("auth: caller %q stands twice", k.Name)
			}
			if k.Key != (Digest{}) && other.Key == k.Key {
				return nil, fmt.Errorf("auth: callers %q and %q have the same key", other.Name, k.Name)
			}
		}
	}
	return &Callers{known: slices.Clone(known)}, nil
}

// header is where the key is. The Functions host's own headers about who is calling, X-MS-CLIENT-PRINCIPAL*, are never looked at:
// anybody who reaches the handler without the host could write them.
const header = "X-Api-Key"

// Identify returns the caller whose key the request carries: missing-key or wrong-key (401) otherwise. It compares with every
// caller, in constant time.
func (c *Callers) Identify(h http.Header) (Caller, error) {
	keys := h.Values(header)
	if len(keys) == 0 || (len(keys) == 1 && keys[0] == "") {
		return Caller{}, problem.New(problem.MissingKey, "", "the header x-api-key is missing")
	}
	if len(keys) > 1 {
		return Caller{}, problem.New(problem.WrongKey, "", "the header x-api-key stands twice")
	}
	sum := sha256.Sum256([]byte(keys[0]))
	found, at := 0, 0
	for i := range c.known {
		same := subtle.ConstantTimeCompare(sum[:], c.known[i].Key[:])
		at = subtle.ConstantTimeSelect(same, i, at)
		found |= same
	}
	if found == 0 {
		return Caller{}, problem.New(problem.WrongKey, "", "the key is not known")
	}
	return c.known[at].Caller, nil
}

// keyNames are the query parameters that people put keys in; "code" is the Functions host's own.
var keyNames = []string{"code", "key", "x-api-key", "x_api_key", "api-key", "api_key", "apikey", "x-functions-key", "access_token", "token"}

// RefuseKeyInURL returns a key-in-url problem (400) when the query looks as if it held a key, right or wrong.
func RefuseKeyInURL(rawQuery string) error {
	for pair := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(keyNames, strings.ToLower(name)) {
			return problem.New(problem.KeyInURL, "", "a key belongs in the header x-api-key, never in the URL")
		}
	}
	return nil
}
