package calls

import (
	"encoding/json"
	"strings"
)

// OfHourKey reports whether a call reads or inserts an hour key, which wraps the keys of cases.
func (c Call) OfHourKey() bool {
	return c.Target == "keys" && (c.Op == Get || c.insertsHourKey())
}

func (c Call) insertsHourKey() bool {
	if c.Op != Insert || len(c.Rows) != 1 {
		return false
	}
	var e struct{ RowKey string }
	return json.Unmarshal(c.Rows[0].Entity, &e) == nil && strings.HasPrefix(e.RowKey, "h|")
}

// Wraps returns how many keys a vault has wrapped for the calls: one before each insertion of an
// hour key.
func Wraps(cs []Call) (n int) {
	for _, c := range cs {
		if c.Target == "keys" && c.insertsHourKey() {
			n++
		}
	}
	return n
}
