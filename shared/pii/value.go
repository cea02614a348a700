// Package pii holds values that identify a person, so that none of them is printed by accident.
//
// Where a value must not be, a keyed token replaces it.
package pii

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
)

// redacted is what every accidental way of printing a Value shows.
const redacted = "‹redacted›"

// Value is a piece of personal data. Only Reveal returns it. fmt with any verb, log/slog,
// encoding/json and error texts show ‹redacted›. The zero Value is empty.
//
// The text is behind a pointer because fmt does not call the methods of values in unexported
// fields. Of a pointer in such a field it prints the address and never the text.
type Value struct {
	_ [0]func() // makes == an error, since it would compare addresses: use Equal
	p *string
}

// New makes s a Value.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{p: &s}
}

// Reveal returns the text. Reveal a value only to send it to the system that it is looked up
// in, to seal it, or to compare it. A test lists each call site in a golden file.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Empty reports whether there is no text.
func (v Value) Empty() bool { return v.p == nil || *v.p == "" }

// Equal compares two texts in constant time.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.text()), []byte(w.text())) == 1
}

func (v Value) text() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Format prints ‹redacted› for every verb and flag.
func (v Value) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// String returns ‹redacted›.
func (v Value) String() string { return redacted }

// GoString returns ‹redacted›.
func (v Value) GoString() string { return redacted }

// LogValue returns ‹redacted›.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON writes ‹redacted›. Code that stores a value reveals it on purpose.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText writes ‹redacted›.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
