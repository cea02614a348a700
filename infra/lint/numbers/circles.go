package numbers

import (
	"cmp"
	"go/ast"
	"maps"
	"path"
	"slices"
)

// Circle is a set of files of one package, as large as possible, in which each needs every other
// one, directly or by way of the others. A file needs another one when it uses a package-level name
// that the other declares. Methods are left out, so the real circles may be larger.
type Circle struct {
	Package string
	Of      int      // files of the package, without tests
	Files   []string // names in the package's folder
}

func (r *resolved) circles() (found []Circle) {
	for folder, files := range r.packages {
		for _, c := range circlesOf(r.needs(files)) {
			found = append(found, Circle{Package: folder, Of: len(files), Files: c})
		}
	}
	slices.SortFunc(found, func(a, b Circle) int {
		return cmp.Or(cmp.Compare(len(b.Files), len(a.Files)), cmp.Compare(a.Package, b.Package), slices.Compare(a.Files, b.Files))
	})
	return found
}

// needs is which other files of the package declare a package-level name that a file uses.
func (r *resolved) needs(files []source) map[string]map[string]bool {
	needs := map[string]map[string]bool{}
	for _, f := range files {
		name := path.Base(f.path)
		needs[name] = map[string]bool{}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			// A package-level name is in the package's scope; fields, methods and locals are not.
			if o := r.info.Uses[id]; o != nil && o.Pkg() != nil && o.Pkg() == r.checked[f.folder] && o.Parent() == o.Pkg().Scope() {
				if in := path.Base(r.module.set.PositionFor(o.Pos(), false).Filename); in != name {
					needs[name][in] = true
				}
			}
			return true
		})
	}
	return needs
}

// circlesOf finds the strongly connected components of more than one node, by what each node
// reaches: packages are small.
func circlesOf(arrows map[string]map[string]bool) (found [][]string) {
	reach := map[string]map[string]bool{}
	for from := range arrows {
		reach[from] = map[string]bool{}
		follow(arrows, from, reach[from])
	}
	seen := map[string]bool{}
	for _, from := range slices.Sorted(maps.Keys(arrows)) {
		if seen[from] {
			continue
		}
		circle := []string{}
		for to := range reach[from] {
			if reach[to][from] {
				circle = append(circle, to)
				seen[to] = true
			}
		}
		if len(circle) > 1 {
			slices.Sort(circle)
			found = append(found, circle)
		}
	}
	return found
}

func follow(arrows map[string]map[string]bool, from string, reached map[string]bool) {
	for to := range arrows[from] {
		if !reached[to] {
			reached[to] = true
			follow(arrows, to, reached)
		}
	}
}
