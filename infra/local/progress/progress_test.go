package progress

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		show Display
		took time.Duration
		err  error
		want string
	}{
		"short":         {Display{Quiet: 10 * time.Second}, 2 * time.Second, nil, "==> build\n    done in 2s\n"},
		"fails":         {Display{Quiet: 10 * time.Second}, 1500 * time.Millisecond, broken, "==> build\n    failed after 1.5s\n"},
		"long":          {Display{Quiet: 10 * time.Second}, 25 * time.Second, nil, "==> build\n    about 3 minutes\n    … 10s\n    … 20s\n    done in 25s\n"},
		"on a terminal": {Display{Live: true, Quiet: 2 * time.Second}, 2500 * time.Millisecond, nil, "==> build\n\r\033[K    … 1s\r\033[K    about 3 minutes\n\r\033[K    … 2s\r\033[K    done in 2.5s\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				c.show.Out = &out
				err := c.show.Run("build", "about 3 minutes", func() error { time.Sleep(c.took); return c.err })
				require.Equal(t, c.err, err)
				require.Equal(t, c.want, out.String())
			})
		})
	}
}
