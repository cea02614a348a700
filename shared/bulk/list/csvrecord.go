package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// csvRecord is one record of a CSV.
type csvRecord struct {
	Number int64 // 0: the header
	Cells  []string
	Fault  *problem.Error // when set, Cells is nil
}

// csvRecords reads CSV as RFC 4180 defines it, with records ended by LF or CRLF. encoding/csv
// does not fit: it keeps a record of any length in memory and does not say where a record
// that it refuses ends, so one line could spoil the others.
//
// The reader treats a misplaced quote as an ordinary character, so that it stays in step with
// the lines.
type csvRecords struct {
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

func newCSVRecords(r io.Reader, at Position) (*csvRecords, error) {
	c := &csvRecords{src: newBuffer(r), pos: at}
	if at.Offset == 0 {
		n, err := skipMark(c.src)
		if err != nil {
			return nil, err
		}
		c.pos.Offset = n
		c.pos.Line = -1 // the header is not a line
	}
	return c, nil
}

// next returns the next record that is not an empty line, or io.EOF.
func (c *csvRecords) next() (csvRecord, error) {
	for {
		c.state, c.cell, c.cells, c.size, c.misuse = cellStart, c.cell[:0], nil, 0, false
		if err := c.scan(); err != nil {
			return csvRecord{}, err
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

// tooLong reports whether the record is too long. It allows for the CRLF at the end.
func (c *csvRecords) tooLong() bool { return c.size > maxLine+2 }

// scan reads to the end of the record: the first newline outside quotes, or the end of the list.
func (c *csvRecords) scan() error {
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

// take updates the state by one piece of the record. Once the record is too long, only the
// state is kept, and no bytes.
func (c *csvRecords) take(part []byte, last bool) {
	if c.tooLong() {
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

func (c *csvRecords) step(b byte) {
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
	if !c.tooLong() {
		c.cell = append(c.cell, b)
	}
}

func (c *csvRecords) endCell() {
	if !c.tooLong() {
		c.cells = append(c.cells, string(c.cell))
	}
	c.cell, c.state = c.cell[:0], cellStart
}

// finish makes the record from what was scanned. empty is true for a line of nothing but
// blanks.
func (c *csvRecords) finish() (r csvRecord, empty bool) {
	r.Number = c.pos.Line
	unclosed, quoted := c.state == quotedCell, c.state == quoteSeen
	c.endCell()
	switch {
	case unclosed:
		r.Fault = problem.New(problem.UnclosedQuote, "", "a quote that opens here is never closed: the rest of the list cannot be read")
	case c.tooLong():
		r.Fault = tooLong()
	case c.misuse:
		r.Fault = problem.New(problem.InvalidCSV, "",
			"a cell has a quote inside: put the whole cell in quotes and double each quote inside it")
	case len(c.cells) == 1 && !quoted && len(bytes.TrimSpace([]byte(c.cells[0]))) == 0:
		return r, true
	}
	if r.Fault != nil {
		return r, false
	}
	for _, cell := range c.cells {
		if !utf8.ValidString(cell) {
			r.Fault = notUTF8()
			return r, false
		}
	}
	r.Cells = c.cells
	return r, false
}
