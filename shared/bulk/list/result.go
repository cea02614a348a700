package list

import "github.com/rightsdesk/rightsdesk/shared/problem"

// Status is what became of a line.
type Status string

// The statuses.
const (
	Accepted Status = "accepted" // it became a request
	// Duplicate says that the request existed before: from another line, from another list or
	// from a single submission.
	Duplicate Status = "duplicate"
	Rejected  Status = "rejected"
)

// Result is one line of the result of an import: what became of one line of the list. It
// quotes nothing of the list itself.
type Result struct {
	Line   int64        `json:"line"` // 0: the list as a whole, which could not be read
	Status Status       `json:"status"`
	ID     string       `json:"id,omitempty"` // of the request
	Code   problem.Code `json:"code,omitempty"`
	// Pointer points into the item. For a CSV it points to where the item holds the value of
	// the cell.
	Pointer string `json:"pointer,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// Refused is the result of a line that cannot be taken.
func Refused(line int64, why *problem.Error) Result {
	return Result{Line: line, Status: Rejected, Code: why.Code, Pointer: why.Pointer, Detail: why.Detail}
}
