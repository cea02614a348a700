package devhost

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// percent is an escape, or a percent sign alone.
var percent = regexp.MustCompile(`%([0-9A-Fa-f]{2})?`)

// decodePath is the path as the host's web server sees it: every escape is undone but that of a
// slash, which stays as it was written, and then dot segments are resolved. The status is what
// the server answers by itself, or 0.
func decodePath(escaped string) (decoded string, status int) {
	decoded = percent.ReplaceAllStringFunc(escaped, func(e string) string {
		if b, _ := hex.DecodeString(e[1:]); len(b) == 1 && b[0] != '/' {
			return string(b)
		}
		return e
	})
	switch {
	case strings.ContainsRune(decoded, 0):
		return "", http.StatusBadRequest
	case strings.Contains(decoded, "//"):
		return "", http.StatusNotFound
	}
	clean := path.Clean(decoded)
	if strings.HasSuffix(decoded, "/") && clean != "/" {
		clean += "/"
	}
	return clean, 0
}

// encodePath escapes a decoded path as proxying does. What may be in a path stays, also
// where the caller had escaped it. A percent sign is always escaped, so a slash that came
// escaped leaves as %252F.
func encodePath(path string) string { return escaped(path, "!$&'()*+,-./:;=@_~") }

// proxiedQuery is the query as it came, but for percent signs that escape nothing.
func proxiedQuery(raw string) string {
	return percent.ReplaceAllStringFunc(raw, func(e string) string {
		if e == "%" {
			return "%25"
		}
		return e
	})
}

// forwardedQuery is the query as forwarding rebuilds it from a dictionary: the values of one
// key are joined by commas, and everything is escaped anew, as .NET's UrlEncoder does it.
func forwardedQuery(raw string) string {
	const kept = "!$()*,;@-._~"
	var keys []string
	values := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, value = unescaped(key), unescaped(value)
		if before, ok := values[key]; ok {
			value = before + "," + value
		} else {
			keys = append(keys, key)
		}
		values[key] = value
	}
	for i, key := range keys {
		keys[i] = escaped(key, kept) + "=" + escaped(values[key], kept)
	}
	return strings.Join(keys, "&")
}

// unescaped is a part of a query as it was meant, or as it came where its escapes are broken.
func unescaped(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}

// escaped escapes each byte of s but letters, digits and those of kept.
func escaped(s, kept string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}
