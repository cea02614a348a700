package process

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// taken keeps the lines that it gets.
type taken struct{ lines []string }

func (t *taken) Line(text []byte) { t.lines = append(t.lines, string(text)) }

func TestLinesStayWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine)
	for name, c := range map[string]struct{ writes, want []string }{
		"a line in pieces":      {[]string{"a", "b\nc", "d\n"}, []string{"ab", "cd"}},
		"an unfinished line":    {[]string{"a\nb"}, []string{"a"}},
		"Windows line ends":     {[]string{"a\r\nb\r\n"}, []string{"a", "b"}},
		"an empty line":         {[]string{"a\n\nb\n"}, []string{"a", "", "b"}},
		"a line without end":    {[]string{long[1:], "y", "z\n"}, []string{long[1:] + "y", "z"}},
		"a long line that ends": {[]string{long[1:], "\n"}, []string{long[1:]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got taken
			w := NewLines(&got)
			for _, s := range c.writes {
				n, err := w.Write([]byte(s))
				require.NoError(t, err)
				require.Equal(t, len(s), n)
			}
			require.Equal(t, c.want, got.lines)
		})
	}
}
