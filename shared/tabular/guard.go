package tabular

import (
	"strings"
	"unicode"
)

// safe returns the text of a cell as a spreadsheet program may see it. Numbers stay as they
// are, also negative ones: a JSON number cannot hold a formula.
func (c cell) safe() string {
	switch c.shape {
	case text:
		return guard(c.text)
	case nested:
		return guardJSON(c.text)
	}
	return c.text
}

// guard makes a text harmless for spreadsheet programs. They run a cell as a formula when it
// begins with = + - @ or their full-width forms, a tab or a line break (OWASP, "CSV
// Injection"). Such a text gets a leading apostrophe, which these programs read as "this is
// text".
//
// A program that separates cells in another way begins a cell after a semicolon, a tab or a
// line break, so that the same is done there, inside the text. Blanks, quotes and invisible
// characters do not hide a formula, since programs trim and drop them.
func guard(s string) string {
	if !strings.ContainsAny(s, ";\t\r\n") && !strings.ContainsRune("=+-@＝＋－＠", first(s)) {
		return s
	}
	var out strings.Builder
	if s[0] == '\t' || s[0] == '\r' || s[0] == '\n' {
		out.WriteByte('\'')
	}
	start := true // a cell could begin here
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			if start {
				out.WriteByte('\'')
			}
			start = false
		case ';', '\t', '\r', '\n':
			start = true
		default:
			start = start && passedOver(r)
		}
		out.WriteRune(r)
	}
	return out.String()
}

// first returns the first character that guard does not pass over.
func first(s string) rune {
	for _, r := range s {
		if !passedOver(r) {
			return r
		}
	}
	return 'x'
}

// passedOver reports whether a cell still begins after the character: a quote, a blank, a
// control or format character, or one that Unicode lets be ignored.
func passedOver(r rune) bool {
	if r < 0x7f {
		return r <= ' ' || r == '"'
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// guardJSON does the same inside JSON. JSON begins with a bracket, so that only what follows a
// semicolon within a string is at risk. The risky character is written as a JSON escape, and
// the value stays the same. Tabs and line breaks are escapes already.
func guardJSON(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	var out strings.Builder
	start := false
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			if start {
				out.WriteString(escapes[r])
				start = false
				continue
			}
		case ';':
			start = true
		default:
			start = start && (r == '\\' || passedOver(r))
		}
		out.WriteRune(r)
	}
	return out.String()
}

var escapes = map[rune]string{
	'=': `\u003d`, '+': `\u002b`, '-': `\u002d`, '@': `\u0040`, '＝': `\uff1d`, '＋': `\uff0b`, '－': `\uff0d`, '＠': `\uff20`,
}
