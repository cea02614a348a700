package devhost

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// decodePath is the path as the host's web server sees it: every valid escape undone but that of a slash (which stays as it was
// written), then dot segments resolved. The status is what the server answers by itself, or 0.
func decodePath(escaped string) (path string, status int) {
	var b strings.Builder
	for i := 0; i < len(escaped); {
		if escaped[i] != '%' {
			b.WriteByte(escaped[i])
			i++
			continue
		}
		text, width := unescape(escaped[i:])
		switch text {
		case "\x00":
			return "", http.StatusBadRequest
		case "/", "": // a slash, or no valid escape: left as it is
			b.WriteString(escaped[i : i+width])
		default:
			b.WriteString(text)
		}
		i += width
	}
	path = resolveDots(b.String())
	if strings.Contains(path, "//") {
		return path, http.StatusNotFound
	}
	return path, 0
}

// unescape reads one escaped character, of up to four bytes; "" and the width to skip where there is none.
func unescape(s string) (text string, width int) {
	var raw []byte
	for i := 0; i+2 < len(s) && s[i] == '%' && len(raw) < utf8.UTFMax; i += 3 {
		part, err := url.PathUnescape(s[i : i+3])
		if err != nil {
			break
		}
		raw = append(raw, part...)
		if utf8.FullRune(raw) {
			break
		}
	}
	if r, n := utf8.DecodeRune(raw); n > 0 && !(r == utf8.RuneError && n == 1) {
		return string(raw[:n]), 3 * n
	}
	return "", 1
}

func resolveDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	parts := strings.Split(path, "/")
	var kept []string
	for i, part := range parts {
		last := i == len(parts)-1
		switch part {
		case ".":
		case "..":
			if len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, part)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// encodePath escapes a decoded path as proxying does: what may stand in a path stays, also where the caller had escaped it, and
// a percent sign is always escaped, also that of a slash that was kept escaped.
func encodePath(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("!$&'()*+,-./:;=@_~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// proxiedQuery is the query as it came, but for percent signs that escape nothing.
func proxiedQuery(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		b.WriteByte(raw[i])
		if raw[i] == '%' && !(i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// forwardedQuery is the query as forwarding rebuilds it from a dictionary: keys compared without case, values of one key joined
// by commas, everything escaped anew.
func forwardedQuery(raw string) string {
	type entry struct{ key, value string }
	var all []entry
next:
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescapeQuery(key), unescapeQuery(value)
		for i := range all {
			if strings.EqualFold(all[i].key, key) {
				all[i].value += "," + value
				continue next
			}
		}
		all = append(all, entry{key, value})
	}
	var b strings.Builder
	for i, e := range all {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escapeQuery(e.key) + "=" + escapeQuery(e.value))
	}
	return b.String()
}

// unescapeQuery undoes what can be undone.
func unescapeQuery(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	if out, err := url.QueryUnescape(proxiedQuery(s)); err == nil {
		return out
	}
	return s
}

// escapeQuery escapes as .NET's UrlEncoder.Default.
func escapeQuery(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("!$()*,;@-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
