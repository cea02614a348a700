// Package row holds a table row in memory and says what a table must do.
package row

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// Limits of a row. The service allows 64 KiB for a property and 1 MiB for a row. These limits
// leave room for two values of maxValue in a row.
const (
	maxProperty = 60 << 10
	maxValue    = 512 << 10
	maxText     = 32 << 10 // the service stores UTF-16: two bytes a character
)

// Row is a row to be written, or one that was read. Zero values are not stored, except numbers.
// Absent values read as zero. Setters and getters keep the first error: a value that is too large
// or cannot be read. A table refuses to write a row that has an error.
type Row struct {
	Partition, Key string
	ETag           string    // version; empty for a row that is not stored yet
	Written        time.Time // time of the last write, by the clock of the service

	values map[string]any // string, int64, bool, time.Time or []byte
	err    error
}

// New returns a row without values.
func New(partition, key string) *Row {
	return &Row{Partition: partition, Key: key, values: map[string]any{}}
}

// Stored returns a row as a table read it. Its values are of the types string, int64, bool,
// time.Time (UTC) and []byte. A value of any other type is of the wrong kind for every getter.
func Stored(partition, key, etag string, written time.Time, values map[string]any) *Row {
	return &Row{Partition: partition, Key: key, ETag: etag, Written: written, values: values}
}

// Values returns what a table stores under the row's key. The caller must not change the map.
func (r *Row) Values() map[string]any { return r.values }

// Err returns the first error of a setter or getter.
func (r *Row) Err() error { return r.err }

// Copy returns a row with the same key, version and values. A change of the copy leaves the
// original alone.
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

// SetInt sets a number. Zero is stored too.
func (r *Row) SetInt(name string, v int64) { r.values[name] = v }

// SetFlag sets a flag.
func (r *Row) SetFlag(name string, v bool) {
	r.set(name, v, !v)
}

// SetTime sets a time, in UTC.
func (r *Row) SetTime(name string, v time.Time) {
	r.set(name, v.UTC(), v.IsZero())
}

// SetBytes sets at most 512 KiB. The bytes are split over the properties name0, name1, …
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

// SetLong sets a value that may be long, as bytes of JSON.
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

// Bytes reads what SetBytes set.
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

// JSON reads what SetJSON set.
func (r *Row) JSON(name string, into any) {
	if v := r.Text(name); v != "" && json.Unmarshal([]byte(v), into) != nil {
		r.fail(name, "cannot be read")
	}
}

// Long reads what SetLong set.
func (r *Row) Long(name string, into any) {
	if v := r.Bytes(name); len(v) > 0 && json.Unmarshal(v, into) != nil {
		r.fail(name, "cannot be read")
	}
}
