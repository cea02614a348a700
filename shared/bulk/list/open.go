package list

import (
	"errors"
	"io"
)

// Open starts reading a list of the given format at a position. The function open opens the
// list at an offset. A fault of the list as a whole is a [*problem.Error].
func Open(format string, open func(offset int64) (io.Reader, error), at Position) (Reader, error) {
	if format == CSV {
		return newCSVLines(open, at)
	}
	r, err := open(at.Offset)
	if err != nil {
		return nil, err
	}
	return newJSONLines(r, at)
}

// Count returns how many lines a list has, faulty ones included. A fault of the list as a
// whole is a [*problem.Error].
func Count(r io.Reader, format string) (int64, error) {
	lines, err := Open(format, func(int64) (io.Reader, error) { return r, nil }, Position{})
	if err != nil {
		return 0, err
	}
	for n := int64(0); ; n++ {
		if _, err := lines.Next(); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}
