package process

import (
	"bytes"
	"sync"
)

// maxLine is where a line without an end is cut: a program that prints no newline must not fill
// the memory of its parent.
const maxLine = 1 << 20

// LineTaker gets the lines that a program prints, each without its end.
type LineTaker interface{ Line(text []byte) }

// Lines is an output of a program. It hands on whole lines.
type Lines struct {
	to LineTaker

	mu   sync.Mutex
	rest []byte // the beginning of a line whose end has not come yet
}

// NewLines makes an output whose lines go to a taker.
func NewLines(to LineTaker) *Lines { return &Lines{to: to} }

// Write never fails: losing the log must not stop the program.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, b...)
	for {
		line, rest, ended := bytes.Cut(l.rest, []byte("\n"))
		if !ended && len(line) < maxLine {
			return len(b), nil
		}
		l.to.Line(bytes.TrimSuffix(line, []byte("\r")))
		l.rest = rest
	}
}
