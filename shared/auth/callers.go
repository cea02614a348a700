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

// Digest is the SHA-256 of a key. The key itself is stored nowhere.
type Digest [sha256.Size]byte

// Known is a caller and the digest of its key.
type Known struct {
	Caller
	Key Digest // zero: the caller cannot call by HTTP
}

// Callers holds all known callers.
type Callers struct{ known []Known }

// NewCallers refuses a caller without an id, and two callers that share an id, a name or a key.
func NewCallers(known []Known) (*Callers, error) {
	for i, k := range known {
		if k.ID == "" {
			return nil, fmt.Errorf("auth: caller %q has no id", k.Name)
		}
		for _, other := range known[:i] {
			if other.Name == k.Name {
				return nil, fmt.Errorf("auth: the name %q is given to two callers", k.Name)
			}
			if other.ID == k.ID {
				return nil, fmt.Errorf("auth: callers %q and %q have the same id", other.Name, k.Name)
			}
			if k.Key != (Digest{}) && other.Key == k.Key {
				return nil, fmt.Errorf("auth: callers %q and %q have the same key", other.Name, k.Name)
			}
		}
	}
	return &Callers{known: slices.Clone(known)}, nil
}

// Name returns the present name of the caller with an id. Anything else is returned as it is: the
// id of a caller that is no longer listed, or the signature of a step.
func (c *Callers) Name(id string) string {
	for _, k := range c.known {
		if k.ID == id {
			return k.Name
		}
	}
	return id
}

// Admit decides whether a call that needs a right may proceed. An unknown caller is a
// missing-key or wrong-key problem (401), and answer gets the header WWW-Authenticate. A
// known caller without the right is a no-right problem (403), and is returned with it for the
// log.
func (c *Callers) Admit(asked, answer http.Header, right Right) (Caller, error) {
	caller, err := c.Identify(asked)
	if err != nil {
		answer.Set("WWW-Authenticate", `ApiKey header="x-api-key"`)
		return Caller{}, err
	}
	return caller, caller.Need(right)
}

// header holds the key. The Functions host's own headers about the caller,
// X-MS-CLIENT-PRINCIPAL*, are never read: a client that reaches the handler without the host
// could write them.
const header = "X-Api-Key"

// Identify returns the caller whose key the request carries, or else a missing-key or wrong-key
// problem (401). It compares with every caller, in constant time.
func (c *Callers) Identify(h http.Header) (Caller, error) {
	keys := h.Values(header)
	if len(keys) == 0 || (len(keys) == 1 && keys[0] == "") {
		return Caller{}, problem.New(problem.MissingKey, "", "the header x-api-key is missing")
	}
	if len(keys) > 1 {
		return Caller{}, problem.New(problem.WrongKey, "", "the header x-api-key was sent more than once")
	}
	sum := sha256.Sum256([]byte(keys[0]))
	found, at := 0, 0
	for i := range c.known {
		same := subtle.ConstantTimeCompare(sum[:], c.known[i].Key[:])
		at = subtle.ConstantTimeSelect(same, i, at)
		found |= same
	}
	if found == 0 {
		return Caller{}, problem.New(problem.WrongKey, "", "the key in the header x-api-key is not known")
	}
	return c.known[at].Caller, nil
}

// keyNames are the query parameters in which people send keys. The Functions host's own is
// "code".
var keyNames = []string{
	"code", "key", "x-api-key", "x_api_key", "api-key", "api_key", "apikey", "x-functions-key", "access_token", "token",
}

// RefuseKeyInURL returns a key-in-url problem (400) when the query has a parameter that is
// named like a key, whether the key is right or wrong. URLs are logged on the way, so this
// check comes before every other check of a call.
func RefuseKeyInURL(rawQuery string) error {
	for pair := range strings.FieldsFuncSeq(rawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(keyNames, strings.ToLower(name)) {
			return problem.New(problem.KeyInURL, "", "a key belongs in the header x-api-key, never in the URL")
		}
	}
	return nil
}
