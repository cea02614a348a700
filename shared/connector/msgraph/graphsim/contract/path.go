package contract

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
)

// segment is one part of a path template: literal text, one parameter, or a function whose
// arguments are parameters.
type segment struct {
	literal string
	param   string
	call    *regexp.Regexp
	args    []string
}

var templateParam = regexp.MustCompile(`\{([^}]+)\}`)

func parseTemplate(path string) []segment {
	var out []segment
	for _, text := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		found := templateParam.FindAllStringSubmatchIndex(text, -1)
		switch {
		case len(found) == 0:
			out = append(out, segment{literal: text})
		case len(found) == 1 && found[0][0] == 0 && found[0][1] == len(text):
			out = append(out, segment{param: text[1 : len(text)-1]})
		default:
			out = append(out, callSegment(text, found))
		}
	}
	return out
}

func callSegment(text string, found [][]int) segment {
	var expr strings.Builder
	var args []string
	last := 0
	for _, f := range found {
		expr.WriteString(regexp.QuoteMeta(text[last:f[0]]) + `([^,)]*)`)
		args = append(args, text[f[2]:f[3]])
		last = f[1]
	}
	expr.WriteString(regexp.QuoteMeta(text[last:]))
	return segment{call: regexp.MustCompile("^" + expr.String() + "$"), args: args}
}

// SplitPath cuts the escaped path below /v1.0 into unescaped segments. OData's key form
// users('x') becomes users/x, and the cast microsoft.graph.user becomes graph.user, because the
// contract knows the second form of each.
func SplitPath(escaped string) ([]string, error) {
	var out []string
	for _, raw := range strings.Split(strings.Trim(escaped, "/"), "/") {
		text, err := url.PathUnescape(raw)
		if err != nil {
			return nil, errors.New("path: not percent-encoded")
		}
		if text == "" {
			return nil, errors.New("path: empty segment")
		}
		if name, key, ok := quotedKey(text); ok {
			out = append(out, name, key)
			continue
		}
		if cast, ok := strings.CutPrefix(text, "microsoft.graph."); ok {
			text = "graph." + cast
		}
		if strings.HasPrefix(text, "$") && !reservedSegments[text] {
			return nil, errors.New("path: a key that begins with $ must be quoted")
		}
		out = append(out, text)
	}
	return out, nil
}

var reservedSegments = map[string]bool{"$ref": true, "$value": true, "$count": true, "$batch": true}

// quotedKey reads the segment users('jane') as users and jane. A quote in the key is doubled.
func quotedKey(text string) (name, key string, ok bool) {
	open := strings.Index(text, "('")
	if open <= 0 || !strings.HasSuffix(text, "')") || open+2 > len(text)-2 {
		return "", "", false
	}
	inner := text[open+2 : len(text)-2]
	if strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") {
		return "", "", false
	}
	return text[:open], strings.ReplaceAll(inner, "''", "'"), true
}

// matchTemplate reports the parameters and how many literal segments matched, so that
// /users/delta() wins over /users/{user-id}.
func matchTemplate(template []segment, path []string) (params map[string]string, literal int, ok bool) {
	if len(template) != len(path) {
		return nil, 0, false
	}
	params = map[string]string{}
	for i, s := range template {
		switch {
		case s.literal != "":
			if s.literal != path[i] && s.literal != path[i]+"()" {
				return nil, 0, false
			}
			literal++
		case s.param != "":
			if reservedSegments[path[i]] {
				return nil, 0, false
			}
			params[s.param] = path[i]
		default:
			values := s.call.FindStringSubmatch(path[i])
			if values == nil {
				return nil, 0, false
			}
			for n, arg := range s.args {
				params[arg] = values[n+1]
			}
			literal++
		}
	}
	return params, literal, true
}
