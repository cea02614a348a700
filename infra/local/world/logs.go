package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// colour is an ANSI code for a prefix.
type colour string

const (
	cyan    colour = "\033[36m"
	magenta colour = "\033[35m"
	green   colour = "\033[32m"
	bold    colour = "\033[1m"
	plain   string = "\033[0m"
)

// maxLine is where a line without an end is cut: a process that prints no newline must not fill our memory.
const maxLine = 64 << 10

// logs brings the lines of all processes together, whole line by whole line.
type logs struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
}

func newLogs(out io.Writer) *logs {
	return &logs{out: out, colour: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say prints a line of our own.
func (l *logs) say(text string) { l.line("rightsdesk", bold, []byte(text)) }

// line prints one line under a name. A terminal that is gone must not stop the world, so errors are dropped.
func (l *logs) line(name string, c colour, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	on, off := string(c), plain
	if !l.colour {
		on, off = "", ""
	}
	_, _ = fmt.Fprintf(l.out, "%s%-10s |%s %s\n", on, name, off, bytes.TrimRight(text, "\r\n"))
}

// prefixed is a writer whose lines are shown under a name.
func (l *logs) prefixed(name string, c colour) io.Writer {
	return &prefixed{logs: l, name: name, colour: c}
}

type prefixed struct {
	logs   *logs
	name   string
	colour colour

	mu   sync.Mutex
	rest []byte // the begin of a line whose end has not come yet
}

// Write never fails.
func (p *prefixed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		end := bytes.IndexByte(p.rest, '\n')
		if end < 0 && len(p.rest) < maxLine {
			return len(b), nil
		}
		if end < 0 || end > maxLine {
			end = maxLine - 1
		}
		p.logs.line(p.name, p.colour, p.rest[:end+1])
		p.rest = append(p.rest[:0], p.rest[end+1:]...)
	}
}
