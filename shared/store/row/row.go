// Package row holds a row on its way into a table or out of it, and says what a table must do.
package row

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Limits of a row. The service's own are 64 KiB for a property and 1 MiB for a row; a row here
// may hold two values of maxValue.
const (
	maxProperty = 60 << 10
	maxValue    = 512 << 10
	maxText     = 32 << 10 // UTF-16 counts two bytes a character
)

// Row is a row on its way in or out. Values that are zero are not stored, but for numbers, and
// what is absent reads as zero. Setters and getters keep the first error: a value that does not
// fit or cannot be read. A table refuses to write a row that has one.
type Row struct {
	Partition, Key string
	ETag           string    // version; empty for a row that is not stored yet
	Written        time.Time // by the clock of the service

	values map[string]any // string, int64, bool, time.Time or []byte
	err    error
}

// New returns a row without values.
func New(partition, key string) *Row {
	return &Row{Partition: partition, Key: key, values: map[string]any{}}
}

// Stored returns a row as a table read it. Its values are of the types string, int64, bool,
// time.Time (UTC) and []byte; any other type reads as a value of the wrong kind.
func Stored(partition, key, etag string, written time.Time, values map[string]any) *Row {
	return &Row{Partition: partition, Key: key, ETag: etag, Written: written, values: values}
}

// Values are what a table stores under the row's key. The map is not to be changed.
func (r *Row) Values() map[string]any { return r.values }

// Err is the first error of a setter or getter.
func (r *Row) Err() error { return r.err }

// Copy returns a row of the same key, version and values that can be changed by itself.
func (r *Row) Copy() *Row {
	c := *r
	c.values = maps.Clone(r.values)
	return &c
}

// Bare returns the row without its values: enough to delete it.
func (r *Row) Bare() *Row {
	b := New(r.Partition, r.Key)
	b.ETag = r.ETag
	return b
}

func (r *Row) fail(name, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("store: row %s: property %s %s", r.Key, name, what)
	}
}

func (r *Row) tooLarge(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("store: property %s: %w", name, failure.ErrTooLarge)
	}
}

// SetText sets a text of at most 32 KiB.
func (r *Row) SetText(name, v string) {
	if len(v) > maxText {
		r.tooLarge(name)
	}
	r.set(name, v, v == "")
}

// set stores a value, or removes it when it is zero.
func (r *Row) set(name string, v any, zero bool) {
	if zero {
		delete(r.values, name)
		return
	}
	r.values[name] = v
}

// SetInt sets a number, also zero.
func (r *Row) SetInt(name string, v int64) { r.values[name] = v }

// SetFlag sets a flag.
func (r *Row) SetFlag(name string, v bool) {
	r.set(name, v, !v)
}

// SetTime sets a time.
func (r *Row) SetTime(name string, v time.Time) {
	r.set(name, v.UTC(), v.IsZero())
}

// SetBytes sets bytes, at most 512 KiB. They are split over name0, name1, …
func (r *Row) SetBytes(name string, v []byte) {
	if len(v) > maxValue {
		r.tooLarge(name)
		return
	}
	for i := 0; len(v) > 0; i++ {
		n := min(len(v), maxProperty)
		r.values[name+strconv.Itoa(i)] = v[:n:n]
		v = v[n:]
	}
}

// SetJSON sets a value as JSON text.
func (r *Row) SetJSON(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		r.fail(name, "cannot be encoded")
		return
	}
	r.SetText(name, string(b))
}

// SetLong sets a value that may be long as bytes of JSON.
func (r *Row) SetLong(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		r.fail(name, "cannot be encoded")
		return
	}
	r.SetBytes(name, b)
}

// Text reads a text.
func (r *Row) Text(name string) string {
	v, _ := r.values[name].(string)
	return v
}

// Int reads a number.
func (r *Row) Int(name string) int64 {
	switch v := r.values[name].(type) {
	case int64:
		return v
	case nil:
		return 0
	}
	r.fail(name, "is not Edm.Int64")
	return 0
}

// Flag reads a flag.
func (r *Row) Flag(name string) bool {
	v, _ := r.values[name].(bool)
	return v
}

// Time reads a time, in UTC.
func (r *Row) Time(name string) time.Time {
	v, _ := r.values[name].(time.Time)
	return v
}

// Bytes reads what SetBytes has set.
func (r *Row) Bytes(name string) []byte {
	var out []byte
	for i := 0; ; i++ {
		v, ok := r.values[name+strconv.Itoa(i)].([]byte)
		if !ok {
			return out
		}
		out = append(out, v...)
	}
}

// JSON reads what SetJSON has set.
func (r *Row) JSON(name string, into any) {
	if v := r.Text(name); v != "" && json.Unmarshal([]byte(v), into) != nil {
		r.fail(name, "cannot be read")
	}
}

// Long reads what SetLong has set.
func (r *Row) Long(name string, into any) {
	if v := r.Bytes(name); len(v) > 0 && json.Unmarshal(v, into) != nil {
		r.fail(name, "cannot be read")
	}
}
