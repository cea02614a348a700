package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
)

// Limits of a row. The service's own are 64 KiB for a property and 1 MiB for a row; a row here may hold two values of maxValue.
const (
	maxProperty = 60 << 10
	maxValue    = 512 << 10
	maxText     = 32 << 10 // UTF-16 counts two bytes a character
)

// row is an entity on its way in or out. Zero values are not written, and what is absent reads as zero, but for numbers.
type row struct {
	pk, rk  string
	etag    string
	written time.Time // by the service's clock
	props   map[string]any
	err     error // the first one: a value that does not fit, or cannot be read
}

func newRow(pk, rk string) *row { return &row{pk: pk, rk: rk, props: map[string]any{}} }

func (r *row) encode() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	return json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: r.pk, RowKey: r.rk}, Properties: r.props})
}

func decodeRow(b []byte, etag string) (*row, error) {
	var e aztables.EDMEntity
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("store: a row of %d bytes cannot be read", len(b))
	}
	if etag == "" {
		etag = e.ETag
	}
	return &row{pk: e.PartitionKey, rk: e.RowKey, etag: etag, written: time.Time(e.Timestamp), props: e.Properties}, nil
}

func (r *row) fail(name, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("store: row %s: property %s %s", r.rk, name, what)
	}
}

func (r *row) tooLarge(name string) {
	if r.err == nil {
		r.err = fmt.Errorf("store: property %s: %w", name, ErrTooLarge)
	}
}

func (r *row) setText(name, v string) {
	if len(v) > maxText {
		r.tooLarge(name)
	}
	if v != "" {
		r.props[name] = v
	}
}

func (r *row) setInt(name string, v int64) { r.props[name] = aztables.EDMInt64(v) }

func (r *row) setFlag(name string, v bool) {
	if v {
		r.props[name] = true
	}
}

func (r *row) setTime(name string, v time.Time) {
	if !v.IsZero() {
		r.props[name] = aztables.EDMDateTime(v.UTC())
	}
}

// setBytes splits a value over name0, name1, …
func (r *row) setBytes(name string, v []byte) {
	if len(v) > maxValue {
		r.tooLarge(name)
		return
	}
	for i := 0; len(v) > 0; i++ {
		n := min(len(v), maxProperty)
		r.props[name+strconv.Itoa(i)] = aztables.EDMBinary(v[:n])
		v = v[n:]
	}
}

// setJSON writes a value of ours as text.
func (r *row) setJSON(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		r.fail(name, "cannot be encoded")
		return
	}
	r.setText(name, string(b))
}

// setLong writes a value of ours that may be long as bytes of JSON.
func (r *row) setLong(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		r.fail(name, "cannot be encoded")
		return
	}
	r.setBytes(name, b)
}

func (r *row) text(name string) string {
	v, _ := r.props[name].(string)
	return v
}

func (r *row) int(name string) int64 {
	switch v := r.props[name].(type) {
	case aztables.EDMInt64:
		return int64(v)
	case nil:
		return 0
	}
	r.fail(name, "is not Edm.Int64")
	return 0
}

func (r *row) flag(name string) bool {
	v, _ := r.props[name].(bool)
	return v
}

func (r *row) time(name string) time.Time {
	v, ok := r.props[name].(aztables.EDMDateTime)
	if !ok {
		return time.Time{}
	}
	return time.Time(v).UTC()
}

func (r *row) bytes(name string) []byte {
	var out []byte
	for i := 0; ; i++ {
		v, ok := r.props[name+strconv.Itoa(i)].(aztables.EDMBinary)
		if !ok {
			return out
		}
		out = append(out, v...)
	}
}

func (r *row) json(name string, into any) {
	if v := r.text(name); v != "" && json.Unmarshal([]byte(v), into) != nil {
		r.fail(name, "cannot be read")
	}
}

func (r *row) long(name string, into any) {
	if v := r.bytes(name); len(v) > 0 && json.Unmarshal(v, into) != nil {
		r.fail(name, "cannot be read")
	}
}
