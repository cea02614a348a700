package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// MaxLine is the most bytes that a line may hold, its end aside: the cap of a single request.
const MaxLine = 64 << 10

var (
	bom  = []byte("\xef\xbb\xbf")
	wide = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff"), []byte("\x00\x00\xfe\xff")} // byte order marks of UTF-16 and UTF-32
)

// position is where a reader stands: what an import stores to resume at.
type Position struct {
	Offset int64 // bytes from the beginning of the list
	Line   int64 // number of the last line read
}

// line is one line of a list: the body of a submission as JSON, or why there is none.
type Line struct {
	Number int64
	Item   []byte
	Fault  *problem.Error
}

// reader yields the lines of a list. Next returns io.EOF after the last; other errors are those of the source.
type Reader interface {
	Next() (Line, error)
	Position() Position
}

// newBuffer is large enough that the longest line comes out of ReadSlice in one piece.
func newBuffer(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 2*MaxLine) }

// skipMark passes over a UTF-8 byte order mark and returns its length. Marks of other encodings are a *problem.Error.
func skipMark(b *bufio.Reader) (int64, error) {
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for _, mark := range wide {
		if bytes.HasPrefix(head, mark) {
			return 0, problem.Newf(problem.WrongEncoding, "", "the list is not UTF-8: it begins with the byte order mark of another encoding")
		}
	}
	if !bytes.HasPrefix(head, bom) {
		return 0, nil
	}
	n, err := b.Discard(len(bom))
	return int64(n), err
}

// jsonLines reads JSON Lines: one item a line, ended by LF or CRLF or the end of the list.
type jsonLines struct {
	src *bufio.Reader
	pos Position
}

// newJSONLines reads on at a position that an earlier reader of the same list reported. The zero position is the beginning.
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

func (j *jsonLines) Position() Position { return j.pos }

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
			l.Fault = problem.Newf(problem.TooLarge, "", "the line has more than %d bytes", MaxLine)
		case len(text) == 0:
			continue
		case !utf8.Valid(text):
			l.Fault = problem.Newf(problem.InvalidUTF8, "", "the line is not valid UTF-8")
		default:
			l.Item = bytes.Clone(text)
		}
		return l, nil
	}
}

// readLine returns the next line without blanks around it, valid until the next call, or long when it is over MaxLine bytes and was
// passed over. io.EOF comes alone.
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
		return part, long || len(part) > MaxLine, nil
	}
}
