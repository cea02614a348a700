package verify

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readManifest reads the manifest of an archive.
func (l limits) readManifest(z *zip.Reader) (Manifest, error) {
	i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == manifestName })
	if i < 0 {
		return Manifest{}, errors.New("there is no " + manifestName)
	}
	if z.File[i].UncompressedSize64 > uint64(l.manifest) {
		return Manifest{}, fmt.Errorf("%s has more than %d MiB", manifestName, l.manifest>>20)
	}
	body, err := z.File[i].Open()
	if err != nil {
		return Manifest{}, fmt.Errorf("%s cannot be opened: %w", manifestName, err)
	}
	defer func() { _ = body.Close() }()
	in := &boundedReader{r: io.LimitReader(body, l.manifest), limit: l.value}
	r := manifestReader{limits: l, in: in, dec: jsontext.NewDecoder(in), maxFiles: len(z.File)}
	switch err := r.read(); {
	case err != nil:
		return Manifest{}, err
	case r.m.Version != knownVersion:
		return Manifest{}, fmt.Errorf("%s has version %d, this program knows %d", manifestName, r.m.Version, knownVersion)
	}
	if err := r.m.check(); err != nil {
		return Manifest{}, err
	}
	return r.m, nil
}

// manifestReader reads a manifest as a stream, so that a file that only claims to be a
// manifest takes no more memory than a real one.
type manifestReader struct {
	limits
	in       *boundedReader
	dec      *jsontext.Decoder
	maxFiles int
	queries  int
	m        Manifest
}

// The errors of a manifest quote nothing of it.
var (
	errManifest = errors.New(manifestName + " is not JSON of the expected form")
	errTooMuch  = errors.New(manifestName + " lists more than a package can have")
)

func (r *manifestReader) read() error {
	m := &r.m
	err := r.object(map[string]any{
		"version": &m.Version, "request": &m.Request, "tenant": &m.Tenant, "actions": &m.Actions, "regime": &m.Regime,
		"receivedAt": &m.ReceivedAt, "createdAt": &m.CreatedAt, "systems": r.system, "files": r.file,
	})
	if err != nil {
		return err
	}
	if _, err := r.dec.ReadToken(); err != io.EOF {
		return errManifest
	}
	return nil
}

func (r *manifestReader) system() error {
	if len(r.m.Systems) >= r.systems {
		return errTooMuch
	}
	var s System
	query := func() error {
		if r.queries++; r.queries > r.limits.queries {
			return errTooMuch
		}
		var q Query
		err := r.value(&q)
		s.Queries = append(s.Queries, q)
		return err
	}
	err := r.object(map[string]any{
		"system": &s.System, "action": &s.Action, "outcome": &s.Outcome, "reason": &s.Reason, "basis": &s.Basis, "until": &s.Until,
		"queries": query,
	})
	if err != nil {
		return err
	}
	r.m.Systems = append(r.m.Systems, s)
	return s.check()
}

func (r *manifestReader) file() error {
	if len(r.m.Files) >= r.maxFiles {
		return errTooMuch
	}
	var f File
	if err := r.value(&f); err != nil {
		return err
	}
	r.m.Files = append(r.m.Files, f)
	return f.check(r.path)
}

// object reads an object. known says where the value of each member goes: to a pointer or,
// for an array, to the function that reads an element. Unknown members are skipped.
func (r *manifestReader) object(known map[string]any) error {
	const most = 64 // members, since the decoder remembers their names
	if err := r.expect('{'); err != nil {
		return err
	}
	for n := 0; r.dec.PeekKind() != '}'; n++ {
		name, err := r.dec.ReadToken()
		if err != nil || n >= most {
			return errManifest
		}
		switch to := known[name.String()].(type) {
		case nil:
			err = r.skip()
		case func() error:
			err = r.array(to)
		default:
			err = r.value(to)
		}
		if err != nil {
			return err
		}
		r.in.mark()
	}
	return r.expect('}')
}

// array reads an array, or null, and calls element before each element.
func (r *manifestReader) array(element func() error) error {
	if r.dec.PeekKind() == 'n' {
		return r.skip()
	}
	if err := r.expect('['); err != nil {
		return err
	}
	for r.dec.PeekKind() != ']' {
		if err := element(); err != nil {
			return err
		}
		r.in.mark()
	}
	return r.expect(']')
}

func (r *manifestReader) value(v any) error {
	if err := json.UnmarshalDecode(r.dec, v); err != nil {
		return errManifest
	}
	return nil
}

func (r *manifestReader) skip() error {
	if err := r.dec.SkipValue(); err != nil {
		return errManifest
	}
	return nil
}

func (r *manifestReader) expect(k jsontext.Kind) error {
	if tok, err := r.dec.ReadToken(); err != nil || tok.Kind() != k {
		return errManifest
	}
	return nil
}
