package manifest

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const longest = 64 << 20 // bytes of a manifest: a line per file, with room to spare

// errForm quotes nothing of a manifest.
var errForm = errors.New("manifest: not the JSON of a manifest")

// ReadFiles reads the id of the request and the list of files from a stored manifest, and
// skips the rest. It refuses a list of more than most files, so that memory is bounded.
func ReadFiles(r io.Reader, most int) (request string, files []File, err error) {
	dec := jsontext.NewDecoder(io.LimitReader(r, longest))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return "", nil, errForm
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return "", nil, errForm
		}
		switch name.String() {
		case "request":
			err = json.UnmarshalDecode(dec, &request)
		case "files":
			files, err = readList(dec, most)
		default:
			err = dec.SkipValue()
		}
		if err != nil {
			return "", nil, errForm
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return "", nil, errForm
	}
	return request, files, nil
}

func readList(dec *jsontext.Decoder, most int) (files []File, err error) {
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, errForm
	}
	for dec.PeekKind() == '{' {
		var f File
		if len(files) >= most {
			return nil, errForm
		}
		if err := json.UnmarshalDecode(dec, &f); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != ']' {
		return nil, errForm
	}
	return files, nil
}
