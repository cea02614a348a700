package list

import (
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Status is what became of a line.
type Status string

// The statuses.
const (
	Accepted  Status = "accepted"  // it became a request
	Duplicate Status = "duplicate" // its request was there before, from another line, another list or a single submission
	Rejected  Status = "rejected"
)

// Result is one line of a result, results/{tenant}/{bulk id}.ndjson. It holds nothing of the input.
type Result struct {
	Line    int64        `json:"line"` // 0: the list as a whole, which could not be read
	Status  Status       `json:"status"`
	ID      string       `json:"id,omitempty"` // of the request
	Code    problem.Code `json:"code,omitempty"`
	Pointer string       `json:"pointer,omitempty"` // into the item; of a CSV: where the cell's value is in the item
	Detail  string       `json:"detail,omitempty"`
}
