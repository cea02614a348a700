package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// line is one row of the table.
type line struct {
	What, Ours, Raw, Ratio, Goal string
	Met                          verdict
}

// verdict says whether a goal is met.
type verdict int

const (
	noGoal verdict = iota
	met
	missed
)

func (v verdict) String() string { return [...]string{"", "met", "MISSED"}[v] }

func judge(ok bool) verdict {
	if ok {
		return met
	}
	return missed
}

// table collects lines, and notes that explain them.
type table struct {
	lines []line
	notes []string
	fails []string
}

func (t *table) add(l line) { t.lines = append(t.lines, l) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *table) fail(p section, err error) {
	t.fails = append(t.fails, fmt.Sprintf("(%s) %s could not be measured: %v", p.name, p.what, err))
}

// ratio adds a line that compares two rates by a least ratio; goal 0 prints without one.
func (t *table) ratio(what, unit string, ours, raw, goal float64) {
	l := line{What: what, Ours: rate(ours, unit), Raw: rate(raw, unit), Ratio: fmt.Sprintf("%.2f", ours/raw)}
	if goal > 0 {
		l.Goal, l.Met = fmt.Sprintf("ratio ≥ %g", goal), judge(ours/raw >= goal)
	}
	t.add(l)
}

// atMost adds a line with a number that may not exceed a goal.
func (t *table) atMost(what, format string, ours, goal float64) {
	t.add(line{What: what, Ours: fmt.Sprintf(format, ours), Goal: "≤ " + fmt.Sprintf(format, goal), Met: judge(ours <= goal)})
}

func rate(v float64, unit string) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

func (t *table) print(w io.Writer) {
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "WHAT\tOURS\tRAW\tRATIO\tGOAL\tMET")
	var short []string
	for _, l := range t.lines {
		fmt.Fprintln(tw, strings.Join([]string{l.What, l.Ours, l.Raw, l.Ratio, l.Goal, l.Met.String()}, "\t"))
		if l.Met == missed {
			short = append(short, fmt.Sprintf("MISSED: %s: the goal is %s, measured was %s", l.What, l.Goal, strings.TrimSpace(l.Ours+" "+l.ratioText())))
		}
	}
	_ = tw.Flush()
	fmt.Fprintln(w)
	for _, text := range slices.Concat(t.notes, short, t.fails) {
		fmt.Fprintln(w, text)
	}
	if len(short)+len(t.fails) == 0 {
		fmt.Fprintln(w, "every goal that was measured is met")
	}
}

func (l line) ratioText() string {
	if l.Ratio == "" {
		return ""
	}
	return "against " + l.Raw + " raw, ratio " + l.Ratio
}

func median(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	if len(s) == 0 {
		return 0
	}
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
