package filter

import (
	"strings"
	"time"
)

// Expression is a parsed $filter. The zero Expression matches everything.
type Expression struct {
	root  node
	names map[string]bool
	// Advanced is set by functions that the service runs on its index only.
	Advanced bool
}

// Empty reports whether the filter matches everything.
func (f Expression) Empty() bool { return f.root == nil }

// Match reports whether a record satisfies the filter.
func (f Expression) Match(r map[string]any) bool { return f.root == nil || f.root.match(r) }

// Mentions reports whether the filter uses the property.
func (f Expression) Mentions(name string) bool { return f.names[name] }

// node is a boolean expression over one value: a record, or inside any() an element of an array.
type node interface{ match(value any) bool }

type (
	orNode  struct{ parts []node }
	andNode struct{ parts []node }
	anyNode struct {
		field string
		inner node
	}
	compareNode struct {
		path []string // empty: the element itself
		op   string   // eq, ge, le, startswith, endswith
		want any      // string, bool, nil or time.Time
	}
)

func (n orNode) match(v any) bool {
	for _, p := range n.parts {
		if p.match(v) {
			return true
		}
	}
	return false
}

func (n andNode) match(v any) bool {
	for _, p := range n.parts {
		if !p.match(v) {
			return false
		}
	}
	return true
}

func (n anyNode) match(v any) bool {
	list, _ := step(v, n.field).([]any)
	for _, item := range list {
		if n.inner.match(item) {
			return true
		}
	}
	return false
}

func (n compareNode) match(v any) bool {
	for _, name := range n.path {
		v = step(v, name)
	}
	switch want := n.want.(type) {
	case string:
		got, ok := v.(string)
		return ok && compareText(n.op, got, want)
	case time.Time:
		text, _ := v.(string)
		got, err := time.Parse(time.RFC3339, text)
		return err == nil && compareTime(n.op, got, want)
	default:
		return v == n.want
	}
}

func step(v any, name string) any {
	obj, _ := v.(map[string]any)
	return obj[name]
}

// compareText ignores case, as the directory does.
func compareText(op, got, want string) bool {
	got, want = strings.ToLower(got), strings.ToLower(want)
	switch op {
	case "startswith":
		return strings.HasPrefix(got, want)
	case "endswith":
		return strings.HasSuffix(got, want)
	}
	return got == want
}

func compareTime(op string, got, want time.Time) bool {
	switch op {
	case "ge":
		return !got.Before(want)
	case "le":
		return !got.After(want)
	}
	return got.Equal(want)
}
