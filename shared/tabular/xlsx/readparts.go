package xlsx

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// readBook reads the names of the worksheets and the date system.
func (w *Workbook) readBook(book string) error {
	rels, err := w.relations(book)
	if err != nil {
		return err
	}
	err = w.elements(book, func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			if v := attribute(e, "date1904"); v == "1" || v == "true" {
				w.from = epoch1904
			}
		case "sheet":
			if r := rels[attribute(e, "id")]; strings.HasSuffix(r.kind, "/worksheet") {
				w.sheets = append(w.sheets, sheet{attribute(e, "name"), r.target})
			}
		}
		return nil
	})
	if err == nil && len(w.sheets) == 0 {
		err = errors.New("xlsx: the workbook has no worksheet")
	}
	return err
}

// readStyles finds out which styles of cells show dates.
func (w *Workbook) readStyles(book string) error {
	part, err := w.target(book, "/styles")
	if err != nil || part == "" {
		return err
	}
	codes := map[int]string{}
	inCells := false
	return w.elements(part, func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			id, _ := strconv.Atoi(attribute(e, "numFmtId"))
			codes[id] = attribute(e, "formatCode")
		case "cellStyleXfs", "cellXfs":
			inCells = e.Name.Local == "cellXfs"
		case "xf":
			if inCells {
				id, _ := strconv.Atoi(attribute(e, "numFmtId"))
				w.dates = append(w.dates, isDateFormat(id, codes[id]))
			}
		}
		return nil
	})
}

// readStrings reads the shared strings. They are needed in any order, so they stay in memory.
func (w *Workbook) readStrings(book string) error {
	part, err := w.target(book, "/sharedStrings")
	if err != nil || part == "" {
		return err
	}
	kept := int64(0)
	return w.elements(part, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		s, err := richText(d)
		if err != nil {
			return err
		}
		if kept += int64(len(s)) + 16; kept > w.limits.Strings {
			return ErrLimit
		}
		w.strings = append(w.strings, s)
		return nil
	})
}

// richText reads the text of an element to its end: the runs of it, without phonetic hints.
func richText(d *xml.Decoder) (string, error) {
	var b strings.Builder
	inText, skip := false, 0
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return "", unexpected(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			if t.Name.Local == "rPh" && skip == 0 {
				skip = depth
			}
			inText = t.Name.Local == "t" && skip == 0
		case xml.EndElement:
			if depth == skip {
				skip = 0
			}
			depth--
			inText = false
		case xml.CharData:
			if inText {
				b.Write(t)
			}
		}
	}
	return unescape(b.String()), nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// rows yields the rows of a worksheet.
func (w *Workbook) rows(part string, yield func(Row, error) bool) {
	var cells []Cell
	last, stopped := 0, false
	err := w.elements(part, func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "row" {
			return nil
		}
		n := last + 1
		if r := attribute(e, "r"); r != "" {
			var err error
			if n, err = strconv.Atoi(r); err != nil || n <= last || n > MaxRows {
				return fmt.Errorf("xlsx: the row after row %d has no number that could follow", last)
			}
		}
		last = n
		var err error
		if cells, err = w.row(d, n, cells[:0]); err != nil {
			return err
		}
		if !yield(Row{n, cells}, nil) {
			stopped = true
			return io.EOF
		}
		return nil
	})
	if err != nil && !stopped {
		yield(Row{}, err)
	}
}

// row reads the cells of a row to its end.
func (w *Workbook) row(d *xml.Decoder, n int, cells []Cell) ([]Cell, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return nil, unexpected(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return cells, nil
		case xml.StartElement:
			if t.Name.Local != "c" {
				if err := d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			at := len(cells)
			if ref := attribute(t, "r"); ref != "" {
				i, ok := columnOf(ref)
				if !ok || i < at {
					return nil, fmt.Errorf("xlsx: row %d: a cell has no place that could follow", n)
				}
				at = i
			}
			if at >= w.limits.Cells {
				return nil, fmt.Errorf("xlsx: row %d: more than %d cells: %w", n, w.limits.Cells, ErrLimit)
			}
			c, err := w.cell(d, t)
			if err != nil {
				return nil, fmt.Errorf("xlsx: row %d: %w", n, err)
			}
			for len(cells) < at {
				cells = append(cells, Cell{})
			}
			cells = append(cells, c)
		}
	}
}

// cell reads a cell to its end. The result of a formula is a value like any other.
func (w *Workbook) cell(d *xml.Decoder, e xml.StartElement) (Cell, error) {
	var value string
	var inline string
	for {
		t, err := d.Token()
		if err != nil {
			return Cell{}, unexpected(err)
		}
		switch t := t.(type) {
		case xml.EndElement:
			return w.cellOf(attribute(e, "t"), attribute(e, "s"), value, inline)
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				value, err = charData(d)
			case "is":
				inline, err = richText(d)
			default:
				err = d.Skip()
			}
			if err != nil {
				return Cell{}, unexpected(err)
			}
		}
	}
}

// charData is the text of an element to its end.
func charData(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for depth := 1; depth > 0; {
		t, err := d.Token()
		if err != nil {
			return "", unexpected(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(t)
		}
	}
	return b.String(), nil
}

// cellOf makes a cell of its type, its style and its value (ECMA-376-1 §18.18.11).
func (w *Workbook) cellOf(typ, style, value, inline string) (Cell, error) {
	switch typ {
	case "s":
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(w.strings) {
			return Cell{}, errors.New("a cell names a text that the workbook does not have")
		}
		return text(w.strings[i]), nil
	case "inlineStr":
		return text(inline), nil
	case "str":
		return text(unescape(value)), nil
	case "b":
		return OfBool(value == "1" || value == "true"), nil
	case "e":
		return Cell{Kind: Error, Text: value}, nil
	case "d":
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999", "2006-01-02"} {
			if at, err := time.Parse(layout, value); err == nil {
				return Cell{Kind: Date, Time: at.UTC()}, nil
			}
		}
		return Cell{}, errors.New("a cell holds a date that is none")
	case "", "n":
		return w.numberOf(style, value)
	}
	return Cell{}, errors.New("a cell has an unknown type")
}

func text(s string) Cell {
	if s == "" {
		return Cell{}
	}
	return OfText(s)
}

func (w *Workbook) numberOf(style, value string) (Cell, error) {
	if value == "" {
		return Cell{}, nil
	}
	if !isNumber(value) {
		return Cell{}, errors.New("a cell holds a number that is none")
	}
	if i, err := strconv.Atoi(style); err == nil && 0 <= i && i < len(w.dates) && w.dates[i] {
		if at, ok := timeOf(value, w.from); ok {
			return Cell{Kind: Date, Time: at}, nil
		}
	}
	return OfNumber(value), nil
}
