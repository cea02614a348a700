package devhost

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// route is a template such as items/{id:guid}/{*rest}, with the prefix before it.
type route []segment

type segment struct {
	literal   string // matched without case; empty for a parameter
	onlyGUIDs bool
	rest      bool // a catch-all: any number of segments
}

var (
	parameter = regexp.MustCompile(`^\{(\*{0,2})[A-Za-z_][A-Za-z0-9_]*(:guid)?\}$`)
	guid      = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\}?$`)
)

func parseRoute(prefix, template string) (route, error) {
	if strings.HasPrefix(template, "/") {
		return nil, errors.New("it may not begin with a slash")
	}
	for _, taken := range []string{"admin", "runtime"} {
		if _, ok := cutPrefixFold(template, taken); ok {
			return nil, fmt.Errorf("the host refuses routes that begin with %s", taken)
		}
	}
	var r route
	whole := strings.Trim(prefix+"/"+template, "/")
	if whole == "" {
		return r, nil
	}
	for part := range strings.SplitSeq(whole, "/") {
		if len(r) > 0 && r[len(r)-1].rest {
			return nil, errors.New("a catch-all has to be its last segment")
		}
		if !strings.ContainsAny(part, "{}") {
			if part == "" {
				return nil, errors.New("it has an empty segment")
			}
			r = append(r, segment{literal: part})
			continue
		}
		m := parameter.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("segment %s is not supported by the dev host", part)
		}
		r = append(r, segment{rest: m[1] != "", onlyGUIDs: m[2] != ""})
	}
	return r, nil
}

// match takes a decoded path without empty segments, with or without a slash at its end.
func (r route) match(path string) bool {
	path = strings.Trim(path, "/")
	var parts []string
	if path != "" {
		parts = strings.Split(path, "/")
	}
	for i, s := range r {
		switch {
		case s.rest:
			return true
		case i >= len(parts), s.onlyGUIDs && !guid.MatchString(parts[i]), s.literal != "" && !strings.EqualFold(s.literal, parts[i]):
			return false
		}
	}
	return len(parts) <= len(r)
}

// cutPrefixFold is strings.CutPrefix without regard to case.
func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
