package main

import (
	"context"
	"fmt"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
)

// personOver is the goal for the memory that a person takes above what the process has at rest,
// in bytes, however many records there are. A record is in memory whole, so that a large one takes
// more; it has at most 32 MiB.
const personOver = 96 * mib

// benchPersons is part (i): what very different people cost, from the first record to the last
// part that is deleted.
func benchPersons(ctx context.Context, b *bench) error {
	storage, stop, err := b.storage(ctx, false)
	if err != nil {
		return err
	}
	defer stop()
	for _, p := range people {
		r, err := delegate[personResult](ctx, rolePerson, personTask{Connection: storage.ConnectionString, Person: p.name, Part: b.Small})
		if err != nil {
			return err
		}
		l := report.Line{
			What: "(i) " + p.name,
			Ours: fmt.Sprintf("%d calls, %.2f MiB stored, peak %.0f MiB over idle, heap %.0f MiB, %.1f s", r.Calls, float64(r.Stored)/mib, float64(r.Over)/mib, float64(r.Heap)/mib, r.Seconds),
		}
		if p.pages*p.kinds > 1 {
			l.Goal, l.Met = fmt.Sprintf("peak ≤ %d MiB", personOver/mib), report.Judge(r.Over <= personOver)
		}
		b.table.Add(l)
	}
	b.table.Note("(i) parts, package, verification and deletion of the parts, in a process of its own; JSON, CSV, XLSX and XML, unless the row says otherwise. Stored: bytes of all blobs, the package included. Claims and the request's own rows are in (f).")
	return nil
}
