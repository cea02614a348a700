package layout

import (
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// Parts reads the parts that the row of a task names.
func Parts(r *row.Row) []dsr.Part {
	var out []dsr.Part
	r.Long("parts", &out)
	return out
}

// SetParts writes the parts of a task into its row. The row must not have had more of them.
func SetParts(r *row.Row, parts []dsr.Part) {
	if len(parts) > 0 {
		r.SetLong("parts", parts)
	}
}
