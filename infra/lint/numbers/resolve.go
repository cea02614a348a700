package numbers

import (
	"go/ast"
	"go/types"
	"path"
	"strings"
)

// resolved says what the names in the packages of a module stand for.
//
// Packages of the module and nothing else are type-checked. A package from elsewhere is taken for
// an empty one, and the errors that follow from that are ignored: what this module declares is
// known all the same, in milliseconds instead of minutes.
type resolved struct {
	info     *types.Info
	packages map[string][]source // by folder
	checked  map[string]*types.Package
	module   module
}

func resolve(m module) *resolved {
	r := &resolved{
		info:     &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}},
		packages: m.packages(), checked: map[string]*types.Package{}, module: m,
	}
	for folder := range r.packages {
		r.check(folder)
	}
	return r
}

func (r *resolved) check(folder string) *types.Package {
	if p, done := r.checked[folder]; done {
		return p
	}
	var syntax []*ast.File
	for _, f := range r.packages[folder] {
		syntax = append(syntax, f.syntax)
	}
	name := path.Join(r.module.name, folder)
	// Go forbids circles of imports; a placeholder ends the recursion where there is one.
	r.checked[folder] = empty(name)
	c := types.Config{Importer: r, Error: func(error) {}, DisableUnusedImportCheck: true}
	p, _ := c.Check(name, r.module.set, syntax, r.info) // the errors are those of missing imports
	r.checked[folder] = p
	return p
}

// Import is called by the type checker for each import.
func (r *resolved) Import(name string) (*types.Package, error) {
	if folder, ours := strings.CutPrefix(name, r.module.name+"/"); ours && len(r.packages[folder]) > 0 {
		return r.check(folder), nil
	}
	return empty(name), nil
}

// empty stands for a package from elsewhere.
func empty(name string) *types.Package {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p
}

var _ types.Importer = (*resolved)(nil)
