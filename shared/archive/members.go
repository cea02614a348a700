package archive

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
)

// source is a run of bytes in which members of a task lie: a part, or a stretch of an earlier
// package.
type source struct {
	task    int       // its place among the tasks that the package tells of
	spec    part.Spec // of a part
	part    dsr.Part  // zero for a stretch of an earlier package
	members []part.Member
	from    int64 // where the bytes begin in the blob
	size    int64
}

// sources returns what a task handed over: the parts that its row names, or, where these were
// deleted after an earlier package was made of them, the members of that package. A task that did
// not end with data has none.
func sources(r *dsr.Request, at int, t dsr.Task, before earlier) ([]source, error) {
	if t.Records == 0 || (t.Outcome.Code != dsr.OutcomeDone && t.Outcome.Code != dsr.OutcomePartial) || t.Declared {
		return nil, nil
	}
	if t.Round < r.Round {
		if members := before.members(t); members != nil {
			return stretches(at, members), nil
		}
	}
	var out []source
	var sum int64
	for _, p := range t.Parts {
		out = append(out, source{task: at, spec: part.SpecOf(r, &t), part: p, size: p.Size})
		sum += p.Records
	}
	if sum != t.Records {
		return nil, fmt.Errorf("%w: task %s has %d parts with %d records", ErrIncomplete, t.ID, len(t.Parts), sum)
	}
	return out, nil
}

// stretches puts members of an earlier package together that lie one after the other, so that they
// are read by one call.
func stretches(at int, members []part.Member) []source {
	slices.SortFunc(members, func(a, b part.Member) int { return int(a.Offset - b.Offset) })
	var out []source
	for _, m := range members {
		end := m.Offset + m.Packed
		if n := len(out) - 1; n >= 0 && end-out[n].from <= fetchWhole && m.Offset >= out[n].from+out[n].size {
			out[n].members, out[n].size = append(out[n].members, m), end-out[n].from
			continue
		}
		out = append(out, source{task: at, members: []part.Member{m}, from: m.Offset, size: m.Packed})
	}
	return out
}

// ErrIncomplete says that the stored parts are not what a task says it handed over.
var ErrIncomplete = errors.New("archive: the stored parts are not what the task handed over")
