package numbers

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// Fields are the fields of structs that hold a function, also by a named type whose underlying type
// is one. Test files are left out.
type Fields struct {
	All     int // in the whole module
	Shared  int // under shared/
	Product int // under shared/ and functions/, without simulators (…sim) and test aids (…test)
	Unnamed int // of All, those with the type spelt out: func(…) …
	Each    []Field
}

// Field is one field that holds a function.
type Field struct {
	File   string
	Line   int
	Struct string // empty where the struct has no name
	Name   string
	Named  string // the named type, or empty where the type is spelt out
}

// elsewhere are named func types of packages that are not read.
var elsewhere = []string{
	"bufio.SplitFunc", "context.CancelCauseFunc", "context.CancelFunc", "io/fs.WalkDirFunc",
	"iter.Seq", "iter.Seq2", "net/http.HandlerFunc", "path/filepath.WalkFunc",
}

func (r *resolved) fields() (found Fields) {
	for _, f := range r.module.files {
		if f.test {
			continue
		}
		for _, field := range r.fieldsOf(f) {
			found.Each = append(found.Each, field)
			found.All++
			if field.Named == "" {
				found.Unnamed++
			}
			if strings.HasPrefix(f.path, "shared/") {
				found.Shared++
			}
			if inProduct(f.folder) {
				found.Product++
			}
		}
	}
	return found
}

// inProduct is for packages that are linked into the product's binary.
func inProduct(folder string) bool {
	top, _, _ := strings.Cut(folder, "/")
	return slices.Contains([]string{"shared", "functions"}, top) && !strings.Contains(folder+"/", "sim/") && !strings.HasSuffix(folder, "test")
}

func (r *resolved) fieldsOf(f source) (found []Field) {
	structs := map[*ast.StructType]string{}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				structs[s] = n.Name.Name
			}
		case *ast.StructType:
			for _, field := range n.Fields.List {
				named, ok := r.holdsFunc(field.Type)
				if !ok {
					continue
				}
				at := Field{File: f.path, Line: r.module.set.PositionFor(field.Pos(), false).Line, Struct: structs[n], Named: named}
				for _, name := range field.Names {
					at.Name = name.Name
					found = append(found, at)
				}
				if len(field.Names) == 0 { // embedded
					found = append(found, at)
				}
			}
		}
		return true
	})
	return found
}

// holdsFunc reports whether a type is a func type, and by which name.
func (r *resolved) holdsFunc(e ast.Expr) (named string, ok bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return r.holdsFunc(e.X)
	case *ast.FuncType:
		return "", true
	case *ast.IndexExpr: // a generic type and what it is made for
		return r.named(e.X)
	case *ast.IndexListExpr:
		return r.named(e.X)
	default:
		return r.named(e)
	}
}

func (r *resolved) named(e ast.Expr) (named string, ok bool) {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name, isFunc(r.info.Uses[e])
	case *ast.SelectorExpr:
		of, ok := e.X.(*ast.Ident)
		if !ok {
			return "", false
		}
		if p, ok := r.info.Uses[of].(*types.PkgName); ok && slices.Contains(elsewhere, p.Imported().Path()+"."+e.Sel.Name) {
			return of.Name + "." + e.Sel.Name, true
		}
		return of.Name + "." + e.Sel.Name, isFunc(r.info.Uses[e.Sel])
	}
	return "", false
}

func isFunc(o types.Object) bool {
	t, ok := o.(*types.TypeName)
	if !ok {
		return false
	}
	_, ok = t.Type().Underlying().(*types.Signature)
	return ok
}
