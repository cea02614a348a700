package tabular

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/tabular/xlsx"
)

const (
	sheetRows = 1_000_000
	cutNote   = " … (cut: the whole value is in the JSON file)"
	cutChars  = xlsx.MaxText - len(cutNote)
)

// writeXLSX writes the XLSX form of a JSON member. Text goes into text cells, which no program
// runs. It gets the apostrophe all the same, since somebody may save the workbook as CSV later.
// Numbers that a spreadsheet would round are written as text. Rows are written as they are read,
// so that memory does not grow with them.
func writeXLSX(w io.Writer, kind connector.Kind, stored io.Reader) error {
	book := workbook{out: xlsx.NewWriter(w)}
	for _, name := range header(kind) {
		book.head = append(book.head, xlsx.OfText(guard(name)))
	}
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
	if err := book.out.Close(); err != nil {
		return fmt.Errorf("tabular: %w", err)
	}
	return nil
}

// workbook fills one worksheet after the other.
type workbook struct {
	out    *xlsx.Writer
	head   []xlsx.Cell
	values []xlsx.Cell
	sheets int
	row    int
}

// next begins a worksheet with the headings.
func (b *workbook) next() error {
	b.sheets++
	if err := b.out.Sheet("Sheet" + strconv.Itoa(b.sheets)); err != nil {
		return fmt.Errorf("tabular: %w", err)
	}
	b.row = 0
	return b.write(b.head)
}

func (b *workbook) add(cells []cell) error {
	if b.row >= sheetRows {
		if err := b.next(); err != nil {
			return err
		}
	}
	b.values = b.values[:0]
	for _, c := range cells {
		b.values = append(b.values, c.sheetCell())
	}
	return b.write(b.values)
}

func (b *workbook) write(cells []xlsx.Cell) error {
	b.row++
	if err := b.out.Row(cells...); err != nil {
		return fmt.Errorf("tabular: row %d of a worksheet: %w", b.row, err)
	}
	return nil
}

// sheetCell is the cell of a worksheet.
func (c cell) sheetCell() xlsx.Cell {
	switch c.shape {
	case absent:
		return xlsx.Cell{}
	case boolean:
		return xlsx.OfBool(c.text == "true")
	case number:
		if isExact(c.text) {
			return xlsx.OfNumber(c.text)
		}
		return xlsx.OfText(c.text)
	}
	return xlsx.OfText(cutCell(c.safe()))
}

// isExact reports whether a spreadsheet, which computes with 15 digits, shows a number as it is.
func isExact(text string) bool {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return -1e15 < n && n < 1e15
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && len(text) <= 15 && strconv.FormatFloat(f, 'f', -1, 64) == text
}

// cutCell shortens a text to what a cell takes, with a note that it was cut.
func cutCell(s string) string {
	if len(s) <= xlsx.MaxText {
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > cutChars {
			if utf16Len(s) <= xlsx.MaxText {
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
