package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// record is one record of a CSV.
type record struct {
	Number int64 // 0 is the header
	Cells  []string
	Fault  *problem.Error // Cells is nil
}

// records reads CSV as RFC 4180 has it, ended by LF or CRLF. It is our own because encoding/csv keeps a record of any length in memory
// and does not say where a record that it refuses ends; both would let one line spoil the others.
//
// After a quote out of place the reader goes on as if it were an ordinary character, so that it stays in step with the lines.
type records struct {
	src *bufio.Reader
	pos Position

	state  cellState
	cell   []byte
	cells  []string
	size   int // bytes of the record so far
	misuse bool
}

type cellState int

const (
	cellStart  cellState = iota
	plainCell            // no quote at its beginning
	quotedCell           // within quotes
	quoteSeen            // after a quote within quotes: the end, or the first of two
)

func newRecords(r io.Reader, at Position) (*records, error) {
	c := &records{src: newBuffer(r), pos: at}
	if at.Offset == 0 {
		n, err := skipMark(c.src)
		if err != nil {
			return nil, err
		}
		c.pos.Offset = n
		c.pos.Line = -1 // the header is no line
	}
	return c, nil
}

// next returns the next record that is not an empty line, or io.EOF.
func (c *records) next() (record, error) {
	for {
		c.state, c.cell, c.cells, c.size, c.misuse = cellStart, c.cell[:0], nil, 0, false
		if err := c.scan(); err != nil {
			return record{}, err
		}
		c.pos.Line++
		if r, empty := c.finish(); !empty {
			return r, nil
		}
		if c.pos.Line == 0 {
			c.pos.Line = -1 // empty lines before the header
		}
	}
}

// scan reads to the end of the record: the first newline outside quotes, or the end of the list.
func (c *records) scan() error {
	for {
		part, err := c.src.ReadSlice('\n')
		c.pos.Offset += int64(len(part))
		c.size += len(part)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if c.size == 0 {
			return io.EOF
		}
		last := errors.Is(err, io.EOF)
		c.take(part, last)
		if last || err == nil && c.state != quotedCell {
			return nil
		}
	}
}

// take moves the state over one piece of the record. Once the record is too long its bytes are not kept, only their meaning.
func (c *records) take(part []byte, last bool) {
	if c.size > MaxLine+2 {
		c.cell, c.cells = c.cell[:0], nil
	}
	for i, b := range part {
		if b == '\n' && c.state != quotedCell {
			return
		}
		if b == '\r' && c.state != quotedCell && (i+1 == len(part) && last || i+1 < len(part) && part[i+1] == '\n') {
			continue
		}
		c.step(b)
	}
}

func (c *records) step(b byte) {
	switch {
	case c.state == quotedCell && b == '"':
		c.state = quoteSeen
		return
	case c.state == quoteSeen && b == '"':
		c.state = quotedCell
	case c.state == cellStart && b == '"':
		c.state = quotedCell
		return
	case b == ',' && c.state != quotedCell:
		c.endCell()
		return
	case c.state == quoteSeen: // something follows the closing quote
		c.misuse, c.state = true, plainCell
	case c.state == plainCell && b == '"':
		c.misuse = true
	case c.state == cellStart:
		c.state = plainCell
	}
	if c.size <= MaxLine+2 {
		c.cell = append(c.cell, b)
	}
}

func (c *records) endCell() {
	if c.size <= MaxLine+2 {
		c.cells = append(c.cells, string(c.cell))
	}
	c.cell, c.state = c.cell[:0], cellStart
}

// finish makes the record of what was scanned; empty for a line with nothing but blanks.
func (c *records) finish() (r record, empty bool) {
	r.Number = c.pos.Line
	unclosed, quoted := c.state == quotedCell, c.state == quoteSeen
	c.endCell()
	switch {
	case unclosed:
		r.Fault = problem.Newf(problem.UnclosedQuote, "", "a quote that opens here is never closed: the rest of the list cannot be read")
	case c.size > MaxLine+2:
		r.Fault = problem.Newf(problem.TooLarge, "", "the line has more than %d bytes", MaxLine)
	case c.misuse:
		r.Fault = problem.Newf(problem.InvalidCSV, "", "a quote stands within a cell: a cell with quotes is put in quotes and each of them is doubled")
	case len(c.cells) == 1 && !quoted && len(bytes.TrimSpace([]byte(c.cells[0]))) == 0:
		return r, true
	}
	if r.Fault != nil {
		return r, false
	}
	for _, cell := range c.cells {
		if !utf8.ValidString(cell) {
			r.Fault = problem.Newf(problem.InvalidUTF8, "", "the line is not valid UTF-8")
			return r, false
		}
	}
	r.Cells = c.cells
	return r, false
}
