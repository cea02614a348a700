package tabular

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const (
	sheetRows = 1_000_000 // Excel takes 1,048,576
	cellChars = 32_767    // the most that Excel takes in a cell, in UTF-16 units
	cutNote   = " … (cut: the whole value is in the JSON file)"
	cutChars  = cellChars - len(cutNote)

	// No path may hold this character. No temporary file can be made, and the writer keeps its
	// buffer in memory.
	nowhere = "\x00"
)

// writeXLSX writes the XLSX form of a JSON member. Text goes into text cells, which no program
// runs. It gets the apostrophe all the same, since somebody may save the workbook as CSV later.
// Numbers that a spreadsheet would round are written as text.
//
// The writer keeps what it makes in memory, about twice the size of the part. Temporary files
// are made impossible: they would hold personal data and would stay after a kill.
func writeXLSX(w io.Writer, kind connector.Kind, stored io.Reader) (err error) {
	f := excelize.NewFile(excelize.Options{TmpDir: nowhere})
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	book := workbook{file: f, head: headings(kind)}
	if err := book.next(); err != nil {
		return err
	}
	for cells, err := range rows(stored, kind) {
		if err != nil {
			return err
		}
		if err := book.add(cells); err != nil {
			return err
		}
	}
	if err := book.sheet.Flush(); err != nil {
		return fmt.Errorf("tabular: end a worksheet: %w", err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("tabular: write a workbook: %w", err)
	}
	return nil
}

func headings(kind connector.Kind) []any {
	var out []any
	for _, name := range header(kind) {
		out = append(out, guard(name))
	}
	return out
}

// workbook fills one worksheet after the other.
type workbook struct {
	file   *excelize.File
	sheet  *excelize.StreamWriter
	head   []any
	values []any
	sheets int
	row    int
}

func (b *workbook) next() error {
	if b.sheet != nil {
		if err := b.sheet.Flush(); err != nil {
			return fmt.Errorf("tabular: end a worksheet: %w", err)
		}
	}
	b.sheets++
	name := "Sheet" + strconv.Itoa(b.sheets)
	if b.sheets > 1 { // the first one is there from the beginning
		if _, err := b.file.NewSheet(name); err != nil {
			return fmt.Errorf("tabular: new worksheet: %w", err)
		}
	}
	var err error
	if b.sheet, err = b.file.NewStreamWriter(name); err != nil {
		return fmt.Errorf("tabular: new worksheet: %w", err)
	}
	b.row = 1
	return b.sheet.SetRow("A1", b.head)
}

func (b *workbook) add(cells []cell) error {
	if b.row >= sheetRows {
		if err := b.next(); err != nil {
			return err
		}
	}
	b.row++
	b.values = b.values[:0]
	for _, c := range cells {
		b.values = append(b.values, c.sheetValue())
	}
	if err := b.sheet.SetRow("A"+strconv.Itoa(b.row), b.values); err != nil {
		return fmt.Errorf("tabular: row %d of a worksheet: %w", b.row, err)
	}
	return nil
}

// sheetValue is what excelize is given: nil for an empty cell.
func (c cell) sheetValue() any {
	switch c.shape {
	case absent:
		return nil
	case boolean:
		return c.text == "true"
	case number:
		if n, err := strconv.ParseInt(c.text, 10, 64); err == nil && -1e15 < n && n < 1e15 {
			return n
		}
		if f, err := strconv.ParseFloat(c.text, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) == c.text && len(c.text) <= 15 {
			return f
		}
		return c.text
	}
	return cutCell(c.safe())
}

// cutCell shortens a text to what a cell takes, with a note that it was cut.
func cutCell(s string) string {
	if len(s) <= cellChars {
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > cutChars {
			if utf16Len(s) <= cellChars {
				return s
			}
			return strings.ToValidUTF8(s[:i], "") + cutNote
		}
	}
	return s
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
