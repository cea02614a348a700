package export

import "strings"

// safe returns the text of a cell as a spreadsheet program may see it. Numbers stay as they are, also negative ones: a JSON number
// cannot hold a formula.
func (c cell) safe() string {
	switch c.shape {
	case text:
		return guard(c.text)
	case nested:
		return guardJSON(c.text)
	}
	return c.text
}

// guard makes a text harmless for programs that run a cell as a formula when it begins with = + - @ or their full-width forms, a tab or
// a line break (OWASP, "CSV Injection"): it gets a leading apostrophe, which such programs take for "this is text". The same inside the
// text where a program with another idea of separators would begin a cell: after a semicolon, a tab or a line break.
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
		case ' ', '"', '\u00a0': // does not make what follows less of a beginning
		default:
			start = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// first returns the first character that counts: blanks and quotes before it do not.
func first(s string) rune {
	for _, r := range s {
		if r != ' ' && r != '"' && r != '\u00a0' {
			return r
		}
	}
	return 'x'
}

// guardJSON does the same inside JSON, which begins with a bracket: after a semicolon within a string, the risky character is
// written as a JSON escape, so that the value stays what it was. Tabs and line breaks are escapes already.
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
		case ' ', '"', '\\', '\u00a0':
		default:
			start = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

var escapes = map[rune]string{
	'=': `\u003d`, '+': `\u002b`, '-': `\u002d`, '@': `\u0040`, '＝': `\uff1d`, '＋': `\uff0b`, '－': `\uff0d`, '＠': `\uff20`,
}
