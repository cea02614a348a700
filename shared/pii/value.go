// Package pii holds values that identify a person so that they cannot be printed by accident,
// and the keyed tokens that stand for them where a value must not be.
package pii

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Redacted is what every accidental way of printing a Value shows.
const Redacted = "‹redacted›"

// Value is a piece of personal data. Only Reveal returns it: fmt with any verb, log/slog,
// encoding/json and error texts show Redacted.
//
// The text stands behind a pointer because fmt does not call the methods of values that it
// finds in unexported fields: there it prints an address, never what stands at it. The zero
// Value is empty.
type Value struct {
	_ [0]func() // == would compare addresses; use Equal
	p *string
}

// New makes s a Value.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{p: &s}
}

// Reveal returns the text. Each call site is listed in a golden file by the layout test: reveal
// only to send the value to the system that it is looked up in, to seal it, or to compare it.
func (v Value) Reveal() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

// Empty reports whether there is no text.
func (v Value) Empty() bool { return v.p == nil || *v.p == "" }

// Len returns the length of the text in bytes.
func (v Value) Len() int {
	if v.p == nil {
		return 0
	}
	return len(*v.p)
}

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

// Format prints Redacted for every verb and flag.
func (v Value) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(Redacted)) }

// String returns Redacted.
func (v Value) String() string { return Redacted }

// GoString returns Redacted.
func (v Value) GoString() string { return Redacted }

// LogValue returns Redacted.
func (v Value) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON writes Redacted: what is to be stored is revealed by its owner, on purpose.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }

// MarshalText writes Redacted.
func (v Value) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
