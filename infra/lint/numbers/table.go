package numbers

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/tabwriter"
)

// Column is a version of the module and its name.
type Column struct {
	Name    string
	Numbers Numbers
}

// row is one measure in words.
type row struct {
	what string
	of   func(Numbers) string
}

// rows are in the order of what is measured. Three numbers are median, 90th percentile and maximum.
var rows = []row{
	{"files: all but tests", func(n Numbers) string { return fmt.Sprint(n.All.Files.Count) }},
	{"  under shared/", func(n Numbers) string { return fmt.Sprint(n.Shared.Files.Count) }},
	{"  tests", func(n Numbers) string { return fmt.Sprint(n.Tests.Files.Count) }},
	{"lines of tests for a line of code", func(n Numbers) string {
		return fmt.Sprintf("%.2f", float64(n.Tests.Lines)/float64(max(n.All.Lines, 1)))
	}},
	{"lines of a file", func(n Numbers) string { return n.All.Files.String() }},
	{"  under shared/", func(n Numbers) string { return n.Shared.Files.String() }},
	{"  tests", func(n Numbers) string { return n.Tests.Files.String() }},
	{"lines of a function", func(n Numbers) string { return n.All.Funcs.String() }},
	{"  under shared/", func(n Numbers) string { return n.Shared.Funcs.String() }},
	{"  tests", func(n Numbers) string { return n.Tests.Funcs.String() }},
	{fmt.Sprintf("functions of more than %d lines", maxFunc), func(n Numbers) string { return share(n.All.OverMax, n.All.Funcs.Count) }},
	{fmt.Sprintf("functions of more than %d lines", longFunc), func(n Numbers) string { return share(n.All.OverLong, n.All.Funcs.Count) }},
	{"columns of a comment line", func(n Numbers) string { return n.All.Comments.String() }},
	{"  tests", func(n Numbers) string { return n.Tests.Comments.String() }},
	{fmt.Sprintf("comment lines over %d columns", maxComment), func(n Numbers) string { return share(n.All.Wide, n.All.Comments.Count) }},
	{"  tests", func(n Numbers) string { return share(n.Tests.Wide, n.Tests.Comments.Count) }},
	{"  after code, with tests", func(n Numbers) string { return fmt.Sprint(n.All.Trailing + n.Tests.Trailing) }},
	{"packages", func(n Numbers) string { return fmt.Sprint(n.Packages.Lines.Count) }},
	{"  without a package comment", func(n Numbers) string { return fmt.Sprint(len(n.Packages.Silent)) }},
	{"lines of a package", func(n Numbers) string { return n.Packages.Lines.String() }},
	{"files of a package", func(n Numbers) string { return n.Packages.Files.String() }},
	{fmt.Sprintf("packages of more than %d lines", maxPackage), func(n Numbers) string { return fmt.Sprint(len(n.Packages.Over)) }},
	{"struct fields of func type, named types too", func(n Numbers) string { return fmt.Sprint(n.Fields.All) }},
	{"  under shared/", func(n Numbers) string { return fmt.Sprint(n.Fields.Shared) }},
	{"  product, without simulators and test aids", func(n Numbers) string { return fmt.Sprint(n.Fields.Product) }},
	{"packages with circles of files", func(n Numbers) string { return fmt.Sprint(len(n.circles())) }},
	{"  files in them", func(n Numbers) string { return fmt.Sprint(n.inCircles()) }},
}

func share(n, of int) string {
	if n == 0 || of == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", n, of, 100*float64(n)/float64(of))
}

func (s Spread) String() string { return fmt.Sprintf("%d / %d / %d", s.Median, s.P90, s.Max) }

// Table prints versions beside each other, and below the names behind the numbers.
func Table(columns []Column) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range columns {
		_, _ = fmt.Fprint(w, "\t", c.Name) // a strings.Builder takes everything
	}
	for _, r := range rows {
		_, _ = fmt.Fprint(w, "\n", r.what)
		for _, c := range columns {
			_, _ = fmt.Fprint(w, "\t", r.of(c.Numbers))
		}
	}
	_, _ = fmt.Fprintln(w)
	_ = w.Flush()
	b.WriteString("Three numbers are median / 90th percentile / maximum.\n")
	for _, c := range columns {
		c.names(&b)
	}
	return b.String()
}

// names lists what the numbers of a version count.
func (c Column) names(b *strings.Builder) {
	list := func(title string, items []string) {
		if len(items) > 0 {
			fmt.Fprintf(b, "\n%s: %s\n  %s\n", c.Name, title, strings.Join(items, "\n  "))
		}
	}
	size := func(s Size) string { return fmt.Sprintf("%5d lines in %d files  %s", s.Lines, s.Files, s.Package) }
	list("the largest packages", each(c.Numbers.Packages.Largest, size))
	list(fmt.Sprintf("packages of more than %d lines", maxPackage), each(c.Numbers.Packages.Over, size))
	list("packages without a package comment", c.Numbers.Packages.Silent)
	list("circles of files", each(c.Numbers.Circles, func(s Circle) string {
		return fmt.Sprintf("%2d of %d  %s: %s", len(s.Files), s.Of, s.Package, strings.Join(s.Files, " "))
	}))
	counts := map[string]int{}
	for _, f := range c.Numbers.Fields.Each {
		counts[path.Dir(f.File)]++
	}
	list("packages with struct fields of func type", each(slices.Sorted(maps.Keys(counts)), func(p string) string {
		return fmt.Sprintf("%3d  %s", counts[p], p)
	}))
}

func each[T any](items []T, text func(T) string) (out []string) {
	for _, item := range items {
		out = append(out, text(item))
	}
	return out
}

// circles are the packages with at least one.
func (n Numbers) circles() map[string]bool {
	in := map[string]bool{}
	for _, c := range n.Circles {
		in[c.Package] = true
	}
	return in
}

func (n Numbers) inCircles() (files int) {
	for _, c := range n.Circles {
		files += len(c.Files)
	}
	return files
}
