package tabular

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// shape is what a cell needs to know of a JSON value.
type shape byte

const (
	absent shape = iota // null, or not there
	text
	number
	boolean
	nested // an object or an array, as JSON
)

// cell is one value of a tabular form. A number is its literal as it is written in the JSON.
type cell struct {
	shape shape
	text  string
}

// header returns the names of the columns: the declared ones and one for the rest.
func header(kind connector.Kind) []string {
	var out []string
	for _, c := range kind.Columns {
		out = append(out, c.Name)
	}
	rest := "other"
	for slices.Contains(out, rest) {
		rest = "_" + rest
	}
	return append(out, rest)
}

// rows reads a stored JSON array of objects and yields the cells of each, in the order of
// header. The slice is used again for the next row, and memory is bounded by one record. It
// ends after the first error.
func rows(stored io.Reader, kind connector.Kind) iter.Seq2[[]cell, error] {
	return func(yield func([]cell, error) bool) {
		r := rowReader{dec: jsontext.NewDecoder(stored), at: map[string]int{}, cells: make([]cell, len(kind.Columns)+1)}
		for i, c := range kind.Columns {
			r.at[c.Name] = i
		}
		if err := r.expect('['); err != nil {
			yield(nil, err)
			return
		}
		for n := 1; r.dec.PeekKind() == '{'; n++ {
			if err := r.read(); err != nil {
				yield(nil, fmt.Errorf("record %d: %w", n, err))
				return
			}
			if !yield(r.cells, nil) {
				return
			}
		}
		if err := r.end(); err != nil {
			yield(nil, err)
		}
	}
}

type rowReader struct {
	dec   *jsontext.Decoder
	at    map[string]int
	cells []cell
	rest  bytes.Buffer
	name  []byte
}

// expect reads one token of a kind. Like the other methods it returns errors that name a place
// and never a value.
func (r *rowReader) expect(k jsontext.Kind) error {
	if got := r.dec.PeekKind(); got != k {
		if _, err := r.dec.ReadToken(); err != nil {
			return badJSON(r.dec)
		}
		return fmt.Errorf("tabular: a stored part is not an array of objects (byte %d)", r.dec.InputOffset())
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *rowReader) end() error {
	if err := r.expect(']'); err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return badJSON(r.dec)
	}
	return nil
}

func badJSON(dec *jsontext.Decoder) error {
	// The decoder's error is left out: it would quote the value.
	return fmt.Errorf("tabular: a stored part is not valid JSON (byte %d)", dec.InputOffset())
}

func (r *rowReader) read() error {
	clear(r.cells)
	r.rest.Reset()
	if err := r.expect('{'); err != nil {
		return err
	}
	for r.dec.PeekKind() != '}' {
		name, err := r.dec.ReadValue()
		if err != nil {
			return badJSON(r.dec)
		}
		if r.name, err = jsontext.AppendUnquote(r.name[:0], name); err != nil {
			return badJSON(r.dec)
		}
		i, declared := r.at[string(r.name)]
		if !declared {
			r.startRest(name)
		}
		value, err := r.dec.ReadValue()
		if err != nil {
			return badJSON(r.dec)
		}
		if !declared {
			r.rest.Write(compacted(value))
			continue
		}
		if r.cells[i], err = newCell(value); err != nil {
			return badJSON(r.dec)
		}
	}
	if r.rest.Len() > 0 {
		r.cells[len(r.cells)-1] = cell{nested, r.rest.String() + "}"}
	}
	return r.expect('}')
}

func (r *rowReader) startRest(name jsontext.Value) {
	if r.rest.Len() == 0 {
		r.rest.WriteByte('{')
	} else {
		r.rest.WriteByte(',')
	}
	r.rest.Write(name)
	r.rest.WriteByte(':')
}

func newCell(v jsontext.Value) (cell, error) {
	switch v.Kind() {
	case '"':
		b, err := jsontext.AppendUnquote(nil, v)
		return cell{text, string(b)}, err
	case '0':
		return cell{number, string(v)}, nil
	case 't', 'f':
		return cell{boolean, string(v)}, nil
	case '{', '[':
		return cell{nested, string(compacted(v))}, nil
	}
	return cell{}, nil
}

// compacted returns a valid value without blanks between its tokens.
func compacted(v jsontext.Value) jsontext.Value {
	if !bytes.ContainsAny(v, " \t\r\n") {
		return v
	}
	c := v.Clone()
	_ = c.Compact() // fails for an invalid value only
	return c
}

// Records yields the objects of a stored JSON array. An object is valid until the next one. It
// ends after the first error.
func Records(r io.Reader) iter.Seq2[jsontext.Value, error] {
	return func(yield func(jsontext.Value, error) bool) {
		rr := rowReader{dec: jsontext.NewDecoder(r)}
		if err := rr.expect('['); err != nil {
			yield(nil, err)
			return
		}
		for rr.dec.PeekKind() == '{' {
			raw, err := rr.dec.ReadValue()
			if err != nil {
				yield(nil, badJSON(rr.dec))
				return
			}
			if !yield(raw, nil) {
				return
			}
		}
		if err := rr.end(); err != nil {
			yield(nil, err)
		}
	}
}
