package filter

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenString
	tokenWord // number or time, unquoted
	tokenPunct
)

type token struct {
	kind tokenKind
	text string
	pos  int
}

// tokenize splits a filter. Quotes are doubled inside a string, as OData writes them.
func tokenize(text string) ([]token, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("$filter is not UTF-8")
	}
	var out []token
	for i := 0; i < len(text); {
		start, b := i, text[i]
		switch {
		case b == ' ':
			i++
			continue
		case b == '\'':
			value, next, ok := quoted(text, i)
			if !ok {
				return nil, fmt.Errorf("$filter has an unterminated string at position %d", start)
			}
			out, i = append(out, token{tokenString, value, start}), next
		case strings.IndexByte("(),:/", b) >= 0:
			out, i = append(out, token{tokenPunct, text[i : i+1], start}), i+1
		case isNameByte(b) && (b < '0' || b > '9') && b != '-':
			for i < len(text) && isNameByte(text[i]) && text[i] != '-' {
				i++
			}
			out = append(out, token{tokenName, text[start:i], start})
		case isNameByte(b):
			for i < len(text) && (isNameByte(text[i]) || text[i] == ':' || text[i] == '.' || text[i] == '+') {
				i++
			}
			out = append(out, token{tokenWord, text[start:i], start})
		default:
			return nil, fmt.Errorf("$filter has an unexpected character at position %d", start)
		}
	}
	return append(out, token{kind: tokenEnd, pos: len(text)}), nil
}

func isNameByte(b byte) bool {
	return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// quoted reads the string that starts at text[i] and returns the position after its closing quote.
func quoted(text string, i int) (value string, next int, ok bool) {
	var b strings.Builder
	for i++; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}
