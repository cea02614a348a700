package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// maxLine is how many bytes a line may have without its line ending: the cap of a single
// request.
const maxLine = 64 << 10

// Position is how far a reader has come, so that another can continue there later.
type Position struct {
	Offset int64 // bytes from the beginning of the list
	Line   int64 // number of the last line that was read
}

// Line is one line of a list: the body of a submission as JSON, or the fault of the line.
type Line struct {
	Number int64
	Item   []byte
	Fault  *problem.Error // never quotes the line
}

// Reader yields the lines of a list.
type Reader interface {
	// Next returns io.EOF after the last line. Any other error comes from the source.
	Next() (Line, error)
	// Position is the end of the line that Next returned.
	Position() Position
}

// newBuffer makes a buffer from which ReadSlice returns the longest line in one piece.
func newBuffer(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 2*maxLine) }

// Byte order marks: of UTF-8, and of UTF-16 and UTF-32. The longest has four bytes.
var (
	mark = []byte("\xef\xbb\xbf")
	wide = [][]byte{[]byte("\xff\xfe"), []byte("\xfe\xff"), []byte("\x00\x00\xfe\xff")}
)

// skipMark skips a byte order mark of UTF-8 and returns its length. A mark of another
// encoding is a problem of the list.
func skipMark(b *bufio.Reader) (int64, error) {
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	for _, other := range wide {
		if bytes.HasPrefix(head, other) {
			return 0, problem.New(problem.WrongEncoding, "",
				"the list is not UTF-8: it begins with the byte order mark of another encoding; save it as UTF-8")
		}
	}
	if !bytes.HasPrefix(head, mark) {
		return 0, nil
	}
	n, err := b.Discard(len(mark))
	return int64(n), err
}

func tooLong() *problem.Error {
	return problem.Newf(problem.TooLarge, "", "the line has more than %d bytes", maxLine)
}

func notUTF8() *problem.Error {
	return problem.New(problem.InvalidUTF8, "", "the line is not valid UTF-8")
}
