package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// jsonLines reads JSON Lines: one item a line, ended by LF or CRLF or the end of the list.
type jsonLines struct {
	src *bufio.Reader
	pos Position
}

// newJSONLines starts reading at a position that an earlier reader of the same list reported.
// The zero position is the beginning.
func newJSONLines(r io.Reader, at Position) (*jsonLines, error) {
	j := &jsonLines{src: newBuffer(r), pos: at}
	if at.Offset == 0 {
		n, err := skipMark(j.src)
		if err != nil {
			return nil, err
		}
		j.pos.Offset = n
	}
	return j, nil
}

// Position implements Reader.
func (j *jsonLines) Position() Position { return j.pos }

// Next implements Reader.
func (j *jsonLines) Next() (Line, error) {
	for {
		text, long, err := j.readLine()
		if err != nil {
			return Line{}, err
		}
		j.pos.Line++
		l := Line{Number: j.pos.Line}
		switch {
		case long:
			l.Fault = tooLong()
		case len(text) == 0:
			continue
		case !utf8.Valid(text):
			l.Fault = notUTF8()
		default:
			l.Item = bytes.Clone(text)
		}
		return l, nil
	}
}

// readLine returns the next line without the blanks around it. The text is valid until the
// next call. A line over maxLine bytes is skipped, and long is true. At the end of the list
// the error is io.EOF, and never together with a line.
func (j *jsonLines) readLine() (text []byte, long bool, err error) {
	read := false
	for {
		part, err := j.src.ReadSlice('\n')
		j.pos.Offset += int64(len(part))
		read = read || len(part) > 0
		if errors.Is(err, bufio.ErrBufferFull) {
			long = true
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || !read) {
			return nil, false, err
		}
		part = bytes.Trim(part, " \t\r\n")
		return part, long || len(part) > maxLine, nil
	}
}
