// Package numbers measures the size and shape of the hand-written Go.
//
// Generated code, test data and vendored code are left out. Files are parsed and their names
// resolved without compiling any dependency, so that the Graph SDK costs nothing here.
package numbers

import (
	"cmp"
	"slices"
	"strings"
)

// The limits that are counted.
const (
	maxFunc    = 45   // lines of a function that is no table or ordered protocol
	longFunc   = 80   // lines of a function that is too long whatever it is
	maxPackage = 2000 // lines of a package, without its tests
)

// Numbers are the measures of one version of the module.
type Numbers struct {
	All      Part // every file but tests: the product, its simulators and test aids, and infra
	Shared   Part // those of them under shared/
	Tests    Part // the _test.go files
	Packages Packages
	Fields   Fields
	Circles  []Circle // the largest first
}

// Part measures some of the files.
type Part struct {
	Files    Spread // lines of a file
	Lines    int    // of all files together
	Funcs    Spread // lines of a function, from `func` to its closing brace
	OverMax  int    // functions longer than maxFunc
	OverLong int    // functions longer than longFunc
	Comments Spread // columns of a line that holds nothing but comment
	Wide     int    // such lines that are too wide
	Trailing int    // comments after code that are too wide
}

// Spread is how a measure is spread over what was measured.
type Spread struct{ Count, Median, P90, Max int }

// Packages measures packages without their tests.
type Packages struct {
	Lines     Spread
	Files     Spread
	Largest   []Size   // the five largest by lines
	Over      []Size   // all above maxPackage
	Commented int      // packages with a package comment
	Silent    []string // packages without one
}

// Size is the size of a package.
type Size struct {
	Package      string
	Lines, Files int
}

// Of measures a version of the module.
func Of(files Files) (Numbers, error) {
	m, err := parse(files)
	if err != nil {
		return Numbers{}, err
	}
	r := resolve(m)
	return Numbers{
		All:      m.part(func(f source) bool { return !f.test }),
		Shared:   m.part(func(f source) bool { return !f.test && strings.HasPrefix(f.path, "shared/") }),
		Tests:    m.part(func(f source) bool { return f.test }),
		Packages: m.sizes(),
		Fields:   r.fields(),
		Circles:  r.circles(),
	}, nil
}

func (m module) part(in func(source) bool) (p Part) {
	var sizes, funcs, widths []int
	for _, f := range m.files {
		if !in(f) {
			continue
		}
		n := lines(f.content)
		sizes, p.Lines = append(sizes, n), p.Lines+n
		funcs = append(funcs, m.funcs(f)...)
		for _, c := range Comments(f.content) {
			if c.Alone {
				widths = append(widths, c.Width)
			}
			switch {
			case c.TooWide() && c.Alone:
				p.Wide++
			case c.TooWide():
				p.Trailing++
			}
		}
	}
	p.Files, p.Funcs, p.Comments = spread(sizes), spread(funcs), spread(widths)
	for _, n := range funcs {
		if n > maxFunc {
			p.OverMax++
		}
		if n > longFunc {
			p.OverLong++
		}
	}
	return p
}

func (m module) sizes() (p Packages) {
	var counts, sizes []int
	for folder, files := range m.packages() {
		s, commented := Size{Package: folder, Files: len(files)}, false
		for _, f := range files {
			s.Lines += lines(f.content)
			commented = commented || f.syntax.Doc != nil
		}
		counts, sizes = append(counts, s.Files), append(sizes, s.Lines)
		p.Largest = append(p.Largest, s)
		if commented {
			p.Commented++
		} else {
			p.Silent = append(p.Silent, folder)
		}
	}
	slices.Sort(p.Silent)
	slices.SortFunc(p.Largest, func(a, b Size) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Package, b.Package))
	})
	for _, s := range p.Largest {
		if s.Lines > maxPackage {
			p.Over = append(p.Over, s)
		}
	}
	p.Largest = p.Largest[:min(5, len(p.Largest))]
	p.Lines, p.Files = spread(sizes), spread(counts)
	return p
}

// spread sorts the values in place. The median of an even number of values lies between the middle
// two; the other percentile is the nearest rank.
func spread(values []int) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	slices.Sort(values)
	n := len(values)
	return Spread{Count: n, Median: (values[(n-1)/2] + values[n/2]) / 2, P90: values[(n*90+99)/100-1], Max: values[n-1]}
}
