package verify

import (
	"errors"
	"io"
)

// maxPart is what no member of records has more of, in bytes of JSON.
const maxPart = 32 << 20

// The forms of members, as the extensions of their names.
const (
	formJSON = "json"
	formCSV  = "csv"
	formXLSX = "xlsx"
	formXML  = "xml"
)

// limits bound what Verify reads of an archive, and so its memory: none of what an archive says of itself is believed. A package of ours
// keeps far below them. Tests set smaller ones.
type limits struct {
	directory int64 // bytes of an archive's directory, with what is looked at to find it
	members   int   // of the archive
	manifest  int64 // uncompressed bytes of the manifest
	field     int64 // bytes of one value in the manifest
	systems   int   // in the manifest
	queries   int   // in the manifest, of all systems
	path      int   // bytes of a member's name

	member   map[string]int64 // uncompressed bytes of a member by its form
	other    int64            // the same for those that are only hashed: the index
	workbook int64            // sum of a workbook's worksheets, uncompressed
	sheets   int64            // as directory, of a workbook
	text     int64            // bytes of a text in XML that its decoder is given at once
	tag      int64            // bytes of a tag in XML
}

// standard are the limits of Verify. A part has at most maxPart of JSON. In XML no character of it takes more than eight: the name of
// a column stands three times, at worst as entities. CSV has a comma for each empty cell, so that it depends on the number of columns; it
// is counted without keeping any of it. A worksheet repeats the address and the type of each cell, and packs to less than its JSON twice.
var standard = limits{
	directory: 16 << 20, members: 1 << 17, manifest: 64 << 20, field: 256 << 10, systems: 4096, queries: 200_000, path: 256,
	member: map[string]int64{formJSON: maxPart, formXML: 8 * maxPart, formCSV: 32 * maxPart, formXLSX: 2 * maxPart},
	other:  4 << 30, workbook: 16 * maxPart, sheets: 256 << 10, text: 1 << 20, tag: 64 << 10,
}

// size is the limit of a member.
func (l limits) size(form string) int64 {
	if n, ok := l.member[form]; ok {
		return n
	}
	return l.other
}

// errLimit says that a reader was asked for more than its limit.
var errLimit = errors.New("verify: longer than it may be")

// meter fails once more than limit bytes were read since the last mark.
type meter struct {
	r           io.Reader
	limit, read int64
}

func (m *meter) mark() { m.read = 0 }

func (m *meter) Read(p []byte) (int, error) {
	if m.read >= m.limit {
		return 0, errLimit
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.limit-m.read)])
	m.read += int64(n)
	return n, err
}
