package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far something is: on a terminal by a bar, elsewhere by a line for every tenth.
type progress struct {
	out         io.Writer
	terminal    bool
	bar         *progressbar.ProgressBar
	what, unit  string
	done, total int64
	told        int64 // tenths that have their line
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, terminal: terminal(out)}
}

// terminal reports whether a person looks at w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) begin(what, unit string, total int64) {
	p.what, p.unit, p.done, p.total, p.told = what, unit, 0, total, 0
	if p.terminal {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionSetItsString(unit), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionFullWidth(), progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(p.out) }))
		return
	}
	p.tell()
}

// set says how much is done. A list may turn out longer than it was counted.
func (p *progress) set(done int64) {
	if done == p.done {
		return
	}
	p.done = done
	if p.total < done {
		p.total = done
		if p.bar != nil {
			p.bar.ChangeMax64(done)
		}
	}
	if p.bar != nil {
		_ = p.bar.Set64(done)
		return
	}
	if tenths := p.done * 10 / max(1, p.total); tenths > p.told {
		p.told = tenths
		p.tell()
	}
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit()
		if p.done < p.total || p.total == 0 {
			_, _ = fmt.Fprintln(p.out)
		}
		p.bar = nil
	}
}

func (p *progress) tell() {
	_, _ = fmt.Fprintf(p.out, "%s: %d of %d %s\n", p.what, p.done, p.total, p.unit)
}
