package process

import (
	"bytes"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		grace  time.Duration
		output string
	}{
		"polite":           {`trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done`, time.Minute, "up\nbye\n"},
		"deaf to TERM":     {`trap '' TERM; echo up; while :; do sleep 0.05; done`, 100 * time.Millisecond, "up\n"},
		"ended already":    {`echo up`, time.Minute, "up\n"},
		"with a straggler": {`trap 'exit 0' TERM; (trap '' TERM; sleep 1000) & echo up; while :; do sleep 0.05; done`, time.Second, "up\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &signalled{up: make(chan struct{})}
			cmd := exec.Command("sh", "-c", c.script)
			cmd.Stdout = out
			p, err := Start(cmd)
			require.NoError(t, err)
			<-out.up
			p.Stop(c.grace)
			<-p.Done()
			require.Equal(t, c.output, out.text.String())
		})
	}
}

func TestErrSaysHowItEnded(t *testing.T) {
	t.Parallel()
	p, err := Start(exec.Command("sh", "-c", "exit 3"))
	require.NoError(t, err)
	require.ErrorContains(t, p.Err(), "exit status 3")
	_, err = Start(exec.Command("/nonexistent/program"))
	require.ErrorContains(t, err, "start /nonexistent/program")
}

// signalled says when the first output came. The process is over when text is read.
type signalled struct {
	up   chan struct{}
	text bytes.Buffer
}

func (s *signalled) Write(b []byte) (int, error) {
	if s.text.Len() == 0 {
		defer close(s.up)
	}
	return s.text.Write(b)
}
