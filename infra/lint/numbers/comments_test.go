package numbers

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommentsThatAreTooWide(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("word ", 30)[:98] // 98 columns
	long := strings.Repeat("x", 120)
	for name, c := range map[string]struct {
		text string
		want []int // lines
	}{
		"as wide as may be":        {"//" + words + "\n", nil},
		"one more":                 {"// " + words + "\n", []int{1}},
		"a tab is four columns":    {"\t//" + words[:94] + "\n\t//" + words[:95] + "\n", []int{2}},
		"a letter is one":          {"//" + strings.Repeat("é", 50) + " " + strings.Repeat("é", 47) + "\n", nil},
		"after code":               {"var x = 1 // " + words + "\n", []int{1}},
		"code alone":               {"var x = \"" + long + "\"\n", nil},
		"marks in a string":        {"var x = \"// " + words + "\"\n", nil},
		"a block's second line":    {"/*\n" + words + "abc\n*/\n", []int{2}},
		"a word that has no break": {"// https://example.test/" + long + "\n", nil},
		"such a word after code":   {"var x = 1 // https://example.test/" + long + "\n", []int{1}},
		"a word and another":       {"// see https://example.test/" + long + "\n", []int{1}},
		"a build constraint":       {"//go:build " + strings.Repeat("linux || ", 12) + "darwin\n\npackage p\n", nil},
		"a linter's exception":     {"//lint:ignore SA1019 " + words + "\n", nil},
		"another linter's":         {"//nolint:all // " + words + "\n", nil},
		"a note that begins alike": {"// lint:ignore " + words + "\n", []int{1}},
		"Windows line ends":        {"//" + words + "\r\n", nil},
		"no line end":              {"// " + words, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int
			for _, c := range Comments([]byte(c.text)) {
				if c.TooWide() {
					got = append(got, c.Line)
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}
