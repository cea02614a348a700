package app_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// canaries are unique values by their names.
type canaries map[string]string

// forms returns the ways in which a value may be written: as it is, escaped for URLs, JSON and
// HTML, in hex, and in base64 at any offset of the encoded text. Case matters in the exact
// ones.
func forms(value string) (folded, exact []string) {
	quoted, _ := json.Marshal(value)
	for _, f := range []string{
		value, url.QueryEscape(value), url.PathEscape(value), url.QueryEscape(url.QueryEscape(value)), hex.EncodeToString([]byte(value)),
		strings.Trim(string(quoted), `"`), html.EscapeString(value), strings.ReplaceAll(value, "'", "''"), strings.ReplaceAll(value, "-", ""),
		strings.ReplaceAll(value, " ", ""),
	} {
		folded = append(folded, strings.ToLower(f))
	}
	for offset := range 3 {
		padded := append(make([]byte, offset), value...)
		from, below := (offset*8+5)/6, len(padded)*8/6
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			exact = append(exact, enc.EncodeToString(padded)[from:below])
		}
	}
	return folded, exact
}

// finder looks for canaries in many texts.
type finder map[string]struct{ folded, exact []string }

func (c canaries) finder() finder {
	f := finder{}
	for name, value := range c {
		folded, exact := forms(value)
		slices.Sort(folded)
		f[name] = struct{ folded, exact []string }{slices.Compact(folded), exact}
	}
	return f
}

// in returns the names of the canaries that a text holds.
func (f finder) in(text string) []string {
	var out []string
	low := strings.ToLower(text)
	for name, form := range f {
		if slices.ContainsFunc(form.folded, func(s string) bool { return strings.Contains(low, s) }) ||
			slices.ContainsFunc(form.exact, func(s string) bool { return strings.Contains(text, s) }) {
			out = append(out, name)
		}
	}
	return out
}

// in looks for the canaries in one text.
func (c canaries) in(text string) []string { return c.finder().in(text) }

func TestTheMatcherFindsEveryForm(t *testing.T) {
	t.Parallel()
	const value = "O'Kanarie +49 x@y.example"
	c := canaries{"value": value}
	quoted, err := json.Marshal("a" + value + "b")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"plain":              "a " + value + " b",
		"other case":         strings.ToUpper(value),
		"query":              "https://h/?$filter=" + url.QueryEscape("mail eq '"+value+"'"),
		"path":               "https://h/" + url.PathEscape(value),
		"query, twice":       url.QueryEscape(url.QueryEscape(value)),
		"OData literal":      "mail eq '" + strings.ReplaceAll(value, "'", "''") + "'",
		"hex":                "00" + hex.EncodeToString([]byte(value)) + "ff",
		"upper hex":          strings.ToUpper(hex.EncodeToString([]byte(value))),
		"JSON":               string(quoted),
		"HTML":               html.EscapeString(value),
		"base64":             base64.StdEncoding.EncodeToString([]byte(value)),
		"base64 after one":   base64.StdEncoding.EncodeToString([]byte("1" + value + "22")),
		"base64 after two":   base64.RawURLEncoding.EncodeToString([]byte("12" + value + "3")),
		"base64 of a longer": base64.URLEncoding.EncodeToString([]byte(strings.Repeat("é", 50) + value + "tail")),
	} {
		require.Equal(t, []string{"value"}, c.in(text), name)
	}
	require.Empty(t, c.in("O'Kanari +49 x@y.example"+base64.StdEncoding.EncodeToString([]byte("O'Kanarie +49"))))
}
