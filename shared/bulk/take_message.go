package bulk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// message is what a producer puts on dsr-bulk: the list itself, or where it is.
type message struct {
	Tenant    string
	Reference string
	Items     [][]byte // JSON values; each is judged by itself, later
	Blob      string   // "bulk/{tenant}/…"
}

// decodeMessage reads JSON, plain or in base64. The host's own decoding of messages is off,
// because it would send a plain message to poison unseen. Items are not looked into. Every
// error is a [*problem.Error] that quotes nothing.
func decodeMessage(text []byte) (message, error) {
	var m message
	body, p := unwrap(text)
	if p != nil {
		return m, p
	}
	// Duplicate names are looked for here in the message and later in each item, so that one
	// bad item does not spoil the others.
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return m, notJSON(dec)
	}
	seen := map[string]bool{}
	for dec.PeekKind() == '"' {
		t, err := dec.ReadToken()
		if err != nil {
			return m, notJSON(dec)
		}
		name := t.String()
		if seen[name] {
			return m, problem.New(problem.DuplicateKey, "", "a member has the same name as another one")
		}
		seen[name] = true
		value, err := dec.ReadValue()
		if err != nil {
			return m, notJSON(dec)
		}
		if err := m.set(name, value); err != nil {
			return m, err
		}
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '}' {
		return m, notJSON(dec)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return m, problem.New(problem.InvalidJSON, "", "something follows the JSON object")
	}
	return m, m.check(seen)
}

// mark is the byte order mark of UTF-8, which some producers write.
var mark = []byte("\xef\xbb\xbf")

// unwrap returns the JSON text of a message.
func unwrap(text []byte) ([]byte, *problem.Error) {
	body := bytes.TrimSpace(bytes.TrimPrefix(text, mark))
	if len(body) > 0 && body[0] != '{' {
		plain := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
		n, err := base64.StdEncoding.Decode(plain, body)
		if err != nil {
			return nil, problem.New(problem.InvalidJSON, "", "the message is neither a JSON object nor base64 of one")
		}
		body = bytes.TrimPrefix(plain[:n], mark)
	}
	if !utf8.Valid(body) {
		return nil, problem.New(problem.InvalidUTF8, "", "the message is not valid UTF-8")
	}
	return body, nil
}

func notJSON(dec *jsontext.Decoder) error {
	return problem.Newf(problem.InvalidJSON, "", "the message is not a JSON object: see byte %d", dec.InputOffset())
}

func (m *message) set(name string, value jsontext.Value) error {
	switch name {
	case "tenant":
		return text(&m.Tenant, name, value)
	case "reference":
		return text(&m.Reference, name, value)
	case "blob":
		return text(&m.Blob, name, value)
	case "items":
		return m.setItems(value)
	}
	return problem.New(problem.UnknownField, "", "a message may have only the members tenant, reference, items and blob")
}

func text(to *string, name string, value jsontext.Value) error {
	if value.Kind() != '"' || json.Unmarshal(value, to) != nil {
		return problem.Newf(problem.WrongType, "/"+name, "%s must be a string", name)
	}
	return nil
}

func (m *message) setItems(value jsontext.Value) error {
	dec := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '[' {
		return problem.New(problem.WrongType, "/items", "items must be an array")
	}
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return problem.New(problem.WrongType, "/items", "items must be an array")
		}
		one := v.Clone()
		if err := one.Compact(jsontext.AllowDuplicateNames(true)); err != nil { // on one line
			return problem.New(problem.WrongType, "/items", "items must be an array")
		}
		m.Items = append(m.Items, one)
	}
	return nil
}

func (m *message) check(seen map[string]bool) error {
	switch {
	case !dsr.ValidGUID(m.Tenant):
		return problem.New(problem.UnknownTenant, "/tenant", "tenant must be lower-case hex digits in groups of 8-4-4-4-12")
	case !list.ValidReference(m.Reference):
		return problem.New(problem.MalformedReference, "/reference", "reference must be "+list.ReferenceForm)
	case seen["items"] == seen["blob"]:
		return problem.New(problem.MissingField, "", "either items or blob is needed, but not both")
	case seen["items"] && len(m.Items) == 0:
		return problem.New(problem.MissingField, "/items", "items is empty")
	case seen["blob"]:
		if _, _, p := blobPath(m.Tenant, m.Blob); p != nil {
			return p
		}
	}
	return nil
}

// blobPath splits "bulk/{tenant}/…" into the name of the blob in the container and the format
// that its ending stands for. The path must be the tenant's own, and must have only one
// spelling, so that every reader of it finds the same blob.
func blobPath(tenant, p string) (name, format string, why *problem.Error) {
	const container = "bulk/"
	prefix := container + tenant + "/"
	plain := !strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`%\?#`, r) })
	segments := strings.Split(p, "/")
	switch {
	case !strings.HasPrefix(p, prefix):
		return "", "", problem.New(problem.InvalidBlobPath, "/blob", "blob must begin with bulk/, the tenant's id and a slash")
	case len(p) > 1000 || !plain || path.Clean(p) != p || slices.ContainsFunc(segments, dotted):
		return "", "", problem.New(problem.InvalidBlobPath, "/blob",
			"blob must be a plain path of at most 1000 bytes, without empty segments, dot segments or escapes")
	}
	if format = list.FormatOfName(p); format == "" {
		return "", "", problem.New(problem.InvalidBlobPath, "/blob", "blob must end with "+list.Endings)
	}
	return strings.TrimPrefix(p, container), format, nil
}

// dotted reports whether some storage or file system would shorten the segment.
func dotted(segment string) bool {
	return strings.Contains(segment, "..") || strings.HasSuffix(segment, ".")
}
