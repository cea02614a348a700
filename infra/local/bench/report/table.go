// Package report collects what the bench measured, with goal and ratio, and prints it as a table.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Line is one row of the table.
type Line struct {
	What, Ours, Raw, Ratio, Goal string
	Met                          Verdict
}

// Verdict says whether a goal is met.
type Verdict int

const (
	noGoal Verdict = iota
	met
	missed
)

func (v Verdict) String() string { return [...]string{"", "met", "MISSED"}[v] }

// Judge says of a goal whether it is met.
func Judge(ok bool) Verdict {
	if ok {
		return met
	}
	return missed
}

// Table collects lines, and notes that explain them.
type Table struct {
	lines []Line
	notes []string
	fails []string
}

// Add adds a line.
func (t *Table) Add(l Line) { t.lines = append(t.lines, l) }

// Note adds a sentence that explains lines.
func (t *Table) Note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// Fail says that a part could not be measured.
func (t *Table) Fail(name, what string, err error) {
	t.fails = append(t.fails, fmt.Sprintf("(%s) %s could not be measured: %v", name, what, err))
}

// Ratio adds a line that compares two rates by a least ratio; goal 0 prints without one.
func (t *Table) Ratio(what, unit string, ours, raw, goal float64) {
	l := Line{What: what, Ours: Rate(ours, unit), Raw: Rate(raw, unit), Ratio: fmt.Sprintf("%.2f", ours/raw)}
	if goal > 0 {
		l.Goal, l.Met = fmt.Sprintf("ratio ≥ %g", goal), Judge(ours/raw >= goal)
	}
	t.Add(l)
}

// AtMost adds a line with a number that may not exceed a goal.
func (t *Table) AtMost(what, format string, ours, goal float64) {
	t.Add(Line{What: what, Ours: fmt.Sprintf(format, ours), Goal: "≤ " + fmt.Sprintf(format, goal), Met: Judge(ours <= goal)})
}

// Rate writes a rate with its unit.
func Rate(v float64, unit string) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

// Print writes the table, the notes, and each goal that was missed.
func (t *Table) Print(w io.Writer) {
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

func (l Line) ratioText() string {
	if l.Ratio == "" {
		return ""
	}
	return "against " + l.Raw + " raw, ratio " + l.Ratio
}

// Median is the middle of the numbers, 0 for none.
func Median(of []float64) float64 {
	s := slices.Sorted(slices.Values(of))
	if len(s) == 0 {
		return 0
	}
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
