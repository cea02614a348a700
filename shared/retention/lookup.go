package retention

import (
	"regexp"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Containers are the names of all containers, in the order of the table.
func Containers() []string { return distinct(func(r Row) string { return r.Container }) }

// Tables are the names of all tables, in the order of the table.
func Tables() []string { return distinct(func(r Row) string { return r.Table }) }

func distinct(of func(Row) string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, r := range table {
		if name := of(r); !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

// OfRow returns the class of a row of a table.
func OfRow(inTable, rowKey string) (Row, bool) {
	for _, r := range table {
		if r.Table == inTable && r.Rows != "" && regexp.MustCompile("^(?:"+r.Rows+")$").MatchString(rowKey) {
			return r, true
		}
	}
	return Row{}, false
}

// Clock is the clock that a kind of wake follows, as the table says: messages are sent again by
// wall time, and what is kept ends by business time.
func (k WakeKind) Clock() Clock {
	for _, r := range table {
		if r.Wake == k {
			return r.Clock
		}
	}
	return BusinessClock
}

// Wakes are the kinds of wake that a step handles, in the order of the table.
func Wakes(step dsr.Step) []WakeKind {
	var out []WakeKind
	for _, r := range table {
		if r.Wake != "" && r.By == string(step) {
			out = append(out, r.Wake)
		}
	}
	return out
}
