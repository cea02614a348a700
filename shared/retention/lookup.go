package retention

import (
	"regexp"
	"slices"

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

// Job is the step that handles a kind of wake, as the table says.
func (k WakeKind) Job() dsr.Step {
	for _, r := range table {
		if r.Wake == k {
			return dsr.Step(r.By)
		}
	}
	return ""
}

// Clocks are the clocks that the wakes of a step follow, in the order of the table.
func Clocks(step dsr.Step) []Clock {
	var out []Clock
	for _, k := range Wakes(step) {
		if !slices.Contains(out, k.Clock()) {
			out = append(out, k.Clock())
		}
	}
	return out
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
