package dsr

// Ending is how a request ended as a whole: what its worst task says. Lists are filtered by it.
type Ending string

// The endings. A request that is not over has none.
const (
	// EndingWhole says that every task was done, or found nothing.
	EndingWhole Ending = "whole"
	// EndingGaps says that something was refused, could not be had, or was cancelled, and that
	// nothing failed.
	EndingGaps Ending = "gaps"
	// EndingFailed says that a task failed, or that no package could be made. A retry may help.
	EndingFailed Ending = "failed"
)

// Endings are all endings, the best first.
func Endings() []Ending { return []Ending{EndingWhole, EndingGaps, EndingFailed} }

// Ending returns how the request ended, or an empty ending while it is not over. A retry that opens
// it again takes the ending back.
func (r *Request) Ending() Ending {
	if !r.State.Final() {
		return ""
	}
	out := EndingWhole
	if r.State == StateFailed {
		return EndingFailed
	}
	if r.State == StateCancelled {
		out = EndingGaps
	}
	for _, t := range r.Tasks {
		if !t.Listed() {
			continue
		}
		switch t.Outcome.Code {
		case OutcomeDone, OutcomeNothingFound:
		case OutcomeFailed:
			return EndingFailed
		default:
			out = EndingGaps
		}
	}
	return out
}
