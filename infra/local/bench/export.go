package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
)

const mib = 1 << 20

// benchExport is part (c).
func benchExport(ctx context.Context, b *bench) error {
	storage, stop, err := b.storage(ctx, true)
	if err != nil {
		return err
	}
	defer stop()
	e := exports{b: b, ctx: ctx, connection: storage.ConnectionString, size: int64(b.size(1024)) * mib}
	if err := e.plain(); err != nil {
		return err
	}
	if err := e.csv(); err != nil {
		return err
	}
	return e.graph()
}

// exports runs the comparisons, one after the other, each side in a process of its own.
type exports struct {
	b          *bench
	ctx        context.Context
	connection string
	size       int64
}

func (e exports) task(role string, t exportTask) (exportResult, error) {
	t.Connection, t.Bytes, t.Profile = e.connection, e.size, e.b.Profile
	r, err := delegate[exportResult](e.ctx, role, t)
	if err == nil {
		say("%s: %d MiB (%d stored) in %.1f s", role, r.Bytes/mib, r.Packed/mib, r.Seconds)
	}
	return r, err
}

// speed is in MiB a second.
func speed(bytes int64, seconds float64) float64 { return float64(bytes) / mib / seconds }

// plain compares parts without tabular forms, and a package of them, in alternating rounds.
func (e exports) plain() error {
	const rounds = 2
	var parts, packs [2][]float64
	var sink, packed exportResult
	for n := range rounds {
		for _, who := range turns(n) {
			r, err := e.task([2]string{ours: roleSink, bare: roleUpload}[who], exportTask{})
			if err != nil {
				return err
			}
			parts[who] = append(parts[who], speed(r.Bytes, r.Seconds))
			if who == ours {
				r.Over = max(r.Over, sink.Over)
				sink = r
			}
		}
		for _, who := range turns(n) {
			r, err := e.task([2]string{ours: rolePack, bare: roleCopy}[who], exportTask{Request: sink.Request})
			if err != nil {
				return err
			}
			packs[who] = append(packs[who], speed(r.Packed, r.Seconds))
			if who == ours {
				r.Over = max(r.Over, packed.Over)
				packed = r
			}
		}
	}
	t := &e.b.table
	t.Ratio(fmt.Sprintf("(c) parts of %d MiB of JSON, CSV off", sink.Bytes/mib), "MiB/s", report.Median(parts[ours]), report.Median(parts[bare]), 0.5)
	t.Ratio(fmt.Sprintf("(c) package of those parts, %d MiB stored", packed.Packed/mib), "MiB/s", report.Median(packs[ours]), report.Median(packs[bare]), 0.6)
	t.AtMost("(c) peak memory over idle, parts", "%.0f MiB", float64(sink.Over)/mib, 64)
	t.AtMost("(c) peak memory over idle, package", "%.0f MiB", float64(packed.Over)/mib, 64)
	t.Note("(c) raw parts: the uncompressed bytes as 4 MiB blocks, 4 at a time; raw package: each part downloaded and staged as a block, 4 at a time. Memory: %s. Median of %d rounds, in an order that changes; the worse of two peaks.", sink.How, rounds)
	return nil
}

// csv measures the same with CSV on. Only the JSON counts, which shows the price of the second
// form.
func (e exports) csv() error {
	s, err := e.task(roleSink, exportTask{Formats: []string{"csv"}})
	if err != nil {
		return err
	}
	a, err := e.task(rolePack, exportTask{Request: s.Request})
	if err != nil {
		return err
	}
	t := &e.b.table
	t.Add(report.Line{What: "(c) parts with CSV on", Ours: report.Rate(speed(s.Bytes, s.Seconds), "MiB/s of JSON") + fmt.Sprintf(", peak %d MiB", s.Over/mib)})
	t.Add(report.Line{What: "(c) package with CSV on", Ours: report.Rate(speed(a.Packed, a.Seconds), "MiB/s stored") + fmt.Sprintf(", peak %d MiB", a.Over/mib)})
	return nil
}

// graph exports people of the simulated tenant through the real connector.
func (e exports) graph() error {
	_, url, stop, err := simulate()
	if err != nil {
		return err
	}
	defer stop()
	s, err := e.task(roleGraphSink, exportTask{Graph: url, Request: uuid.NewString()})
	if err != nil {
		return err
	}
	e.b.table.Add(report.Line{
		What: "(c) parts through the simulated Graph, CSV on",
		Ours: fmt.Sprintf("%s, %s, %s, peak %d MiB", report.Rate(speed(s.Bytes, s.Seconds), "MiB/s of JSON"), report.Rate(float64(s.Records)/s.Seconds, "records/s"),
			report.Rate(float64(s.People)/s.Seconds, "people/s"), s.Over/mib),
	})
	return nil
}
