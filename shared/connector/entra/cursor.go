package entra

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
)

// cursor is where an export is after a page. It holds paths and object ids of the person, so it
// is stored sealed.
type cursor struct {
	Kind string `json:"kind"`           // to go on with; empty when all were read
	Next string `json:"next,omitempty"` // its next page; empty: from its beginning
	// Seen are the first bytes of the hashes of the ids of this kind's records that were handed
	// over. By them no record is handed over twice, even when the service has forgotten the
	// page and the kind is read again, or when its pages shift while they are read.
	Seen    []byte    `json:"seen,omitempty"`
	Gaps    []gap     `json:"gaps,omitempty"`
	State   userState `json:"state,omitempty"`
	Records int64     `json:"records"` // handed over so far
}

// gap is a kind that could not be read in full.
type gap struct {
	Kind       string `json:"kind"`
	Why        why    `json:"why"`
	Permission string `json:"permission,omitempty"`
}

type why string

const (
	whyForbidden why = "forbidden"
	whyPremium   why = "premium" // the tenant's licence does not cover it
	whyHidden    why = "hidden"  // objects of which only the id was shown
)

// userState is what became of the user since discovery.
type userState string

const (
	userDeleted userState = "deleted"
	userGone    userState = "gone"
)

const seenBytes = 8

func (c *cursor) encode() ([]byte, error) { return json.Marshal(c) }

var errCursor = errors.New("entra: the cursor was not made by this connector")

// decodeCursor reads a cursor. Without one the export begins with the first kind.
func decodeCursor(b []byte, scope []kind) (cursor, error) {
	if len(b) == 0 {
		return cursor{Kind: scope[0].Name}, nil
	}
	var c cursor
	known := func(k kind) bool { return k.Name == c.Kind }
	if json.Unmarshal(b, &c) != nil || len(c.Seen)%seenBytes != 0 || c.Kind != "" && !slices.ContainsFunc(scope, known) {
		return cursor{}, errCursor
	}
	return c, nil
}

// take reports whether a record has not been handed over yet, and remembers it. A record
// without an id is always new.
func (c *cursor) take(record json.RawMessage, name string) bool {
	id := member(record, name)
	if id == nil {
		return true
	}
	h := sha256.Sum256(id)
	for at := 0; at < len(c.Seen); at += seenBytes {
		if string(c.Seen[at:at+seenBytes]) == string(h[:seenBytes]) {
			return false
		}
	}
	c.Seen = append(slices.Clip(c.Seen), h[:seenBytes]...)
	return true
}

// addGap adds a gap once.
func (c *cursor) addGap(g gap) {
	if !slices.Contains(c.Gaps, g) {
		c.Gaps = append(c.Gaps, g)
	}
}
