package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/rightsdesk/rightsdesk/infra/local/process"
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

// logs brings the lines of all processes together.
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

// say prints a line of the world itself.
func (l *logs) say(text string) { l.line("rightsdesk", bold, []byte(text)) }

// line prints one line under a name. Errors are dropped: a terminal that is gone must not stop
// the world.
func (l *logs) line(name string, c colour, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	on, off := string(c), plain
	if !l.colour {
		on, off = "", ""
	}
	_, _ = fmt.Fprintf(l.out, "%s%-10s |%s %s\n", on, name, off, text)
}

// output is a writer whose lines are shown under a name.
func (l *logs) output(name string, c colour) io.Writer {
	return process.NewLines(named{logs: l, name: name, colour: c})
}

// named puts a name before each line.
type named struct {
	logs   *logs
	name   string
	colour colour
}

// Line implements process.LineTaker.
func (n named) Line(text []byte) { n.logs.line(n.name, n.colour, text) }
