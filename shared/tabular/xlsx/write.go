package xlsx

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Writer writes a workbook. Rows go to the underlying writer as they come: only what deflate needs
// stays in memory. It is not safe for concurrent use.
type Writer struct {
	zip    *zip.Writer
	out    *bufio.Writer // of the open worksheet
	sheets []string
	row    int // rows of the open worksheet
	err    error
}

// NewWriter begins a workbook.
func NewWriter(w io.Writer) *Writer {
	b := &Writer{zip: zip.NewWriter(w)}
	b.file("[Content_Types].xml", contentTypes)
	b.file("_rels/.rels", packageRels)
	return b
}

// Sheet ends the open worksheet and begins another. Names are unique; one that Excel would
// refuse is an error.
func (b *Writer) Sheet(name string) error {
	b.endSheet()
	if b.err == nil {
		b.err = b.checkName(name)
	}
	if b.err != nil {
		return b.err
	}
	b.sheets = append(b.sheets, name)
	f, err := b.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(b.sheets)))
	if err != nil {
		return b.fail(err)
	}
	b.out, b.row = bufio.NewWriterSize(f, 32<<10), 0
	b.put(xmlHead, `<worksheet xmlns="`, mainSpace, `"><sheetData>`)
	return b.err
}

func (b *Writer) checkName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > 31 || strings.ContainsAny(name, `[]:*?/\`) || strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'") {
		return fmt.Errorf("xlsx: %q cannot be the name of a worksheet", name)
	}
	for _, s := range b.sheets {
		if strings.EqualFold(s, name) {
			return fmt.Errorf("xlsx: there are two worksheets %q", name)
		}
	}
	return nil
}

// Row writes the next row of the open worksheet.
func (b *Writer) Row(cells ...Cell) error {
	switch {
	case b.err != nil:
		return b.err
	case b.out == nil:
		return b.fail(errors.New("a row needs a worksheet"))
	case b.row >= MaxRows:
		return b.fail(fmt.Errorf("a worksheet has at most %d rows", MaxRows))
	case len(cells) > MaxColumns:
		return b.fail(fmt.Errorf("a row has at most %d cells", MaxColumns))
	}
	b.row++
	row := strconv.Itoa(b.row)
	b.put(`<row r="`, row, `">`)
	for i, c := range cells {
		b.cell(column(i)+row, c)
	}
	b.put(`</row>`)
	return b.err
}

func (b *Writer) cell(at string, c Cell) {
	switch c.Kind {
	case Empty:
	case Text:
		if utf16Len(c.Text) > MaxText {
			_ = b.fail(fmt.Errorf("cell %s: a text has at most %d UTF-16 code units", at, MaxText))
			return
		}
		b.put(`<c r="`, at, `" t="inlineStr"><is><t xml:space="preserve">`, escape(c.Text), `</t></is></c>`)
	case Number:
		if !isNumber(c.Text) {
			_ = b.fail(fmt.Errorf("cell %s: not a decimal number", at))
			return
		}
		b.put(`<c r="`, at, `"><v>`, c.Text, `</v></c>`)
	case Bool:
		v := "0"
		if c.Text == "TRUE" {
			v = "1"
		}
		b.put(`<c r="`, at, `" t="b"><v>`, v, `</v></c>`)
	case Date:
		serial, ok := serialOf(c.Time)
		if !ok {
			_ = b.fail(fmt.Errorf("cell %s: a date lies between 1900-03-01 and 9999-12-31", at))
			return
		}
		b.put(`<c r="`, at, `" s="1"><v>`, serial, `</v></c>`)
	default:
		_ = b.fail(fmt.Errorf("cell %s: cells of kind %d are not written", at, c.Kind))
	}
}

// Close ends the workbook. It does not close the underlying writer.
func (b *Writer) Close() error {
	b.endSheet()
	if b.err == nil && len(b.sheets) == 0 {
		return b.fail(errors.New("a workbook needs a worksheet"))
	}
	var sheets, rels strings.Builder
	for i, name := range b.sheets {
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escape(name), i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, relSpace, i+1)
	}
	fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(b.sheets)+1, relSpace)
	b.file("xl/workbook.xml", `<workbook xmlns="`+mainSpace+`" xmlns:r="`+relSpace+`"><sheets>`+sheets.String()+`</sheets></workbook>`)
	b.file("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+packageSpace+`">`+rels.String()+`</Relationships>`)
	b.file("xl/styles.xml", styles)
	if b.err == nil {
		if err := b.zip.Close(); err != nil {
			return b.fail(err)
		}
		b.err = errors.New("xlsx: the workbook is closed")
		return nil
	}
	return b.err
}

func (b *Writer) endSheet() {
	if b.out == nil || b.err != nil {
		return
	}
	b.put(`</sheetData></worksheet>`)
	if err := b.out.Flush(); err != nil {
		_ = b.fail(err)
	}
	b.out = nil
}

func (b *Writer) put(parts ...string) {
	for _, s := range parts {
		if b.err != nil {
			return
		}
		if _, err := b.out.WriteString(s); err != nil {
			_ = b.fail(err)
		}
	}
}

func (b *Writer) file(name, content string) {
	if b.err != nil {
		return
	}
	f, err := b.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(f, xmlHead+content)
	}
	if err != nil {
		_ = b.fail(err)
	}
}

// fail keeps the first error, after which nothing is written any more.
func (b *Writer) fail(err error) error {
	b.err = fmt.Errorf("xlsx: %w", err)
	return b.err
}
