package numbers

import "go/ast"

// funcs are the lines of each function and method that has a body.
func (m module) funcs(f source) (lengths []int) {
	for _, decl := range f.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
			lengths = append(lengths, m.set.Position(fn.End()).Line-m.set.Position(fn.Pos()).Line+1)
		}
	}
	return lengths
}
