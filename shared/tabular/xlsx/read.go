package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"
)

// Limits bound what a workbook of a stranger may cost.
type Limits struct {
	Files   int   // in the archive
	Bytes   int64 // of all files that are read, uncompressed
	Strings int64 // bytes of the shared strings, which are kept in memory
	Cells   int   // of a row
}

// DefaultLimits suit a list of 100,000 lines.
func DefaultLimits() Limits {
	return Limits{Files: 1_000, Bytes: 256 << 20, Strings: 32 << 20, Cells: 1_000}
}

// ErrLimit says that a workbook is over a limit.
var ErrLimit = errors.New("xlsx: the workbook is too large")

// Workbook is a workbook to be read. It is not safe for concurrent use.
type Workbook struct {
	files   map[string]*zip.File
	limits  Limits
	left    int64 // bytes that may still be read
	sheets  []sheet
	strings []string
	dates   []bool // by style of a cell
	from    time.Time
}

type sheet struct{ name, file string }

// Open reads what a workbook says of itself. Nothing of its rows is read yet.
func Open(r io.ReaderAt, size int64, limits Limits) (*Workbook, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("xlsx: not a workbook: %w", err)
	}
	if len(z.File) > limits.Files {
		return nil, ErrLimit
	}
	w := &Workbook{files: map[string]*zip.File{}, limits: limits, left: limits.Bytes, from: epoch}
	for _, f := range z.File {
		// Names of parts are compared without regard to case (ECMA-376-2 §6.2.2).
		name := strings.ToLower(f.Name)
		if w.files[name] != nil {
			return nil, fmt.Errorf("xlsx: the archive has a file twice")
		}
		w.files[name] = f
	}
	book, err := w.target("", "/officeDocument")
	if err != nil {
		return nil, err
	}
	if err := w.readBook(book); err != nil {
		return nil, err
	}
	if err := w.readStyles(book); err != nil {
		return nil, err
	}
	return w, w.readStrings(book)
}

// Sheets are the names of the worksheets, in their order.
func (w *Workbook) Sheets() []string {
	out := make([]string, len(w.sheets))
	for i, s := range w.sheets {
		out[i] = s.name
	}
	return out
}

// Rows yields the rows of a worksheet with their numbers from 1. Rows that the file leaves out
// are left out; within a row, cells that it leaves out are empty. A row is valid until the next
// one. The first error ends it.
func (w *Workbook) Rows(name string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, s := range w.sheets {
			if s.name == name {
				w.rows(s.file, yield)
				return
			}
		}
		yield(Row{}, fmt.Errorf("xlsx: there is no worksheet of that name"))
	}
}

// Row is a row of a worksheet.
type Row struct {
	Number int // from 1
	Cells  []Cell
}

// open returns a decoder of a part, which counts towards the limits.
func (w *Workbook) open(name string) (*xml.Decoder, func(), error) {
	f := w.files[strings.ToLower(name)]
	if f == nil {
		return nil, nil, fmt.Errorf("xlsx: a part is missing that the workbook names")
	}
	body, err := f.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("xlsx: %w", err)
	}
	d := xml.NewDecoder(&metered{body, &w.left})
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("UTF-8 is expected") }
	return d, func() { _ = body.Close() }, nil
}

// metered reads until a budget is used up.
type metered struct {
	from io.Reader
	left *int64
}

func (m *metered) Read(p []byte) (int, error) {
	if *m.left <= 0 {
		return 0, ErrLimit
	}
	n, err := m.from.Read(p[:min(int64(len(p)), *m.left)])
	*m.left -= int64(n)
	return n, err
}

// elements calls do for each start of an element of a part, until the end of the part. Do may
// read on with the decoder.
func (w *Workbook) elements(name string, do func(*xml.Decoder, xml.StartElement) error) error {
	d, done, err := w.open(name)
	if err != nil {
		return err
	}
	defer done()
	for {
		t, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return wrong(err)
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := do(d, e); err != nil {
				return wrong(err)
			}
		}
	}
}

// wrong never quotes the file: a syntax error of encoding/xml may name an element or an entity
// of it.
func wrong(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, ErrLimit):
		return ErrLimit
	case errors.As(err, &syntax):
		return fmt.Errorf("xlsx: line %d of a part is not XML", syntax.Line)
	}
	return err
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// relation is a line of a part's relations.
type relation struct{ kind, target string }

// relations reads what a part refers to, by id.
func (w *Workbook) relations(part string) (map[string]relation, error) {
	dir, file := path.Split(part)
	out := map[string]relation{}
	err := w.elements(dir+"_rels/"+file+".rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attribute(e, "TargetMode") == "External" {
			return nil
		}
		target := attribute(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/", dir, target)
		}
		out[attribute(e, "Id")] = relation{attribute(e, "Type"), strings.TrimPrefix(path.Clean(target), "/")}
		return nil
	})
	return out, err
}

// target is the part that another names with a kind of relation. Strict and transitional
// workbooks name kinds under different prefixes. Empty when there is none, an error when it is
// the workbook itself.
func (w *Workbook) target(part, kind string) (string, error) {
	rels, err := w.relations(part)
	if err != nil {
		return "", err
	}
	for _, r := range rels {
		if strings.HasSuffix(r.kind, kind) {
			return r.target, nil
		}
	}
	if part == "" {
		return "", errors.New("xlsx: the archive is not a workbook")
	}
	return "", nil
}
