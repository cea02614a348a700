package main

import (
	"fmt"
	"os"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
)

// options are what the flags say.
type options struct {
	App     string
	Only    []string
	Small   bool
	Profile string // folder for CPU profiles of the product's sides; "": none
}

// bench is what all parts share.
type bench struct {
	options
	dir   string // temporary, deleted at the end
	table report.Table
}

// size is n, or a tenth of it in a small run.
func (b *bench) size(n int) int {
	if b.Small {
		return n / 10
	}
	return n
}

// say shows progress; the table goes to standard output.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// wall is the wall clock, in UTC.
func wall() time.Time { return time.Now().UTC() }
