package verify

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

var errForm = errors.New("it is not a JSON array of objects")

// countRecords counts the objects of one JSON array, with nothing after it. It does not look
// for a name that an object has twice, since that takes several times the memory of the
// object.
func countRecords(r io.Reader) (int64, error) {
	in := faultReader{r: r}
	dec := jsontext.NewDecoder(&in, jsontext.AllowDuplicateNames(true))
	n, err := countObjects(dec)
	if in.err != nil {
		return 0, in.err
	}
	return n, err
}

func countObjects(dec *jsontext.Decoder) (n int64, err error) {
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return 0, errForm
	}
	for ; dec.PeekKind() == '{'; n++ {
		if err := dec.SkipValue(); err != nil {
			return 0, errForm
		}
	}
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != ']' {
		return 0, errForm
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return 0, errForm
	}
	return n, nil
}

// faultReader keeps faults of reading apart from faults of what is read.
type faultReader struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (f *faultReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}
