package verify

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// formError says that a member is not of the form that its name says.
type formError struct{ form string }

func (e *formError) Error() string { return "it is not valid " + e.form }

// countRecords counts the records of a member and checks its form. What has no records counts 0.
func (l limits) countRecords(form string, r io.Reader, size int64) (int64, error) {
	switch form {
	case formJSON:
		return countJSON(r)
	case formCSV:
		return countCSV(r)
	case formXML:
		return l.countXML(r)
	case formXLSX:
		return l.countXLSX(r, size)
	}
	return 0, nil
}

// countJSON counts the objects of one array, with nothing after it. Names that stand twice are the sink's to refuse: to find them takes
// several times the memory of an object.
func countJSON(r io.Reader) (int64, error) {
	e := errReader{r: r}
	dec := jsontext.NewDecoder(&e, jsontext.AllowDuplicateNames(true))
	bad := func() error {
		if e.err != nil {
			return e.err
		}
		return &formError{"JSON, an array of objects"}
	}
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return 0, bad()
	}
	var n int64
	for dec.PeekKind() == '{' {
		if err := dec.SkipValue(); err != nil {
			return 0, bad()
		}
		n++
	}
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != ']' {
		return 0, bad()
	}
	if _, err := dec.ReadToken(); err != io.EOF || e.err != nil {
		return 0, bad()
	}
	return n, nil
}

// errReader keeps the reader's own error apart from those of what is read.
type errReader struct {
	r   io.Reader
	err error
}

func (e *errReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}

// countCSV counts the rows after the header. It follows quotes and line ends only, so that a field of any length costs no memory.
func countCSV(r io.Reader) (int64, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	var rows int64
	quoted, content := false, false
	var last byte
	for {
		c, err := b.ReadByte()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		switch {
		case c == '"':
			quoted = !quoted // a doubled quote closes and opens again
			content = true
		case c == '\n' && !quoted:
			if last != '\r' || !content {
				return 0, &formError{"CSV with CRLF at the end of each row"}
			}
			rows++
			content = false
		case c != '\r' || quoted:
			content = true
		}
		last = c
	}
	if quoted || content || rows == 0 {
		return 0, &formError{"CSV: the last row is not whole"}
	}
	return rows - 1, nil
}

// countXML counts the elements <record> right under the root.
func (l limits) countXML(r io.Reader) (int64, error) {
	e := errReader{r: r}
	n, err := countElements(newFence(&e, l), "records", 2, "record")
	if e.err != nil {
		return 0, e.err
	}
	if err != nil {
		return 0, &formError{"XML"}
	}
	return n, nil
}

// countElements counts the elements of a name at a depth (the root is at 1) of a well-formed document.
func countElements(r io.Reader, root string, depth int, name string) (int64, error) {
	dec := xml.NewDecoder(r)
	var n int64
	level, roots := 0, 0
	for {
		tok, err := dec.Token()
		if err == io.EOF && level == 0 && roots == 1 {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			level++
			if level == 1 {
				roots++
			}
			if level == 1 && t.Name.Local != root {
				return 0, errors.New("another root")
			}
			if level == depth && t.Name.Local == name {
				n++
			}
		case xml.EndElement:
			level--
		case xml.Directive:
			return 0, errors.New("a document type")
		}
		if level < 0 || level > 64 {
			return 0, errors.New("not nested as it should be")
		}
	}
}

// countXLSX counts the rows of all worksheets, without the header of each. It reads the workbook whole, and the worksheets as a stream.
func (l limits) countXLSX(r io.Reader, size int64) (int64, error) {
	bad := &formError{"XLSX"}
	if size > l.member[formXLSX] {
		return 0, bad
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, err
	}
	z, err := openArchive(bytes.NewReader(body), size, l.sheets)
	if err != nil {
		return 0, bad
	}
	var rows, sheets int64
	left := uint64(l.workbook)
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
			continue
		}
		if f.UncompressedSize64 > left || f.UncompressedSize64/maxRatio > f.CompressedSize64+1 {
			return 0, bad
		}
		left -= f.UncompressedSize64
		n, err := l.countSheet(f)
		if err != nil || n == 0 {
			return 0, bad
		}
		rows += n - 1
		sheets++
	}
	if sheets == 0 {
		return 0, bad
	}
	return rows, nil
}

func (l limits) countSheet(f *zip.File) (int64, error) {
	body, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = body.Close() }()
	return countElements(newFence(io.LimitReader(body, int64(f.UncompressedSize64)), l), "worksheet", 3, "row")
}
