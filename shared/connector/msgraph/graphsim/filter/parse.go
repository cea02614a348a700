package filter

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// scope is what a name in the filter refers to: the resource, or inside any() the element under
// its variable.
type scope struct {
	typeName string             // the named schema; "" for an element that is not an object
	variable string             // "" outside any()
	element  *contract.Property // the element's type inside any()
}

type parser struct {
	tokens   []token
	at       int
	depth    int
	types    *contract.Contract
	scope    scope
	names    map[string]bool
	advanced bool
	compared map[string]bool // inside any(): the members that were compared
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *parser) unexpected() error {
	return fmt.Errorf("$filter is not understood at position %d", p.peek().pos)
}

func (p *parser) accept(kind tokenKind, text string) bool {
	if t := p.peek(); t.kind == kind && t.text == text {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(kind tokenKind, text string) error {
	if !p.accept(kind, text) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) or() (node, error) {
	return p.joined("or", p.and, func(parts []node) node { return orNode{parts} })
}

func (p *parser) and() (node, error) {
	return p.joined("and", p.term, func(parts []node) node { return andNode{parts} })
}

func (p *parser) joined(word string, part func() (node, error), join func([]node) node) (node, error) {
	var parts []node
	for {
		n, err := part()
		if err != nil {
			return nil, err
		}
		if parts = append(parts, n); !p.accept(tokenName, word) {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return join(parts), nil
}

func (p *parser) term() (node, error) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, errors.New("$filter is nested too deeply")
	}
	defer func() { p.depth-- }()
	if p.accept(tokenPunct, "(") {
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.expect(tokenPunct, ")")
	}
	t := p.next()
	if t.kind != tokenName {
		p.at = max(p.at-1, 0)
		return nil, p.unexpected()
	}
	switch strings.ToLower(t.text) {
	case "startswith", "endswith":
		if p.accept(tokenPunct, "(") {
			return p.function(strings.ToLower(t.text))
		}
	}
	return p.comparison(t)
}

// function reads the arguments of startswith and endswith.
func (p *parser) function(name string) (node, error) {
	path, prop, err := p.path(p.next())
	if err != nil {
		return nil, err
	}
	if err := p.expect(tokenPunct, ","); err != nil {
		return nil, err
	}
	lit := p.next()
	if lit.kind != tokenString || prop.Kind != contract.String {
		return nil, fmt.Errorf("$filter: %s takes a string property and a string", name)
	}
	p.advanced = p.advanced || name == "endswith"
	return compareNode{path: path, op: name, want: lit.text}, p.expect(tokenPunct, ")")
}

func (p *parser) comparison(first token) (node, error) {
	path, prop, err := p.path(first)
	if err != nil {
		return nil, err
	}
	if p.accept(tokenPunct, "/") {
		return p.lambda(path, prop)
	}
	op := p.next()
	if op.kind != tokenName || op.text != "eq" && op.text != "ge" && op.text != "le" {
		return nil, fmt.Errorf("$filter: operator at position %d is not supported", op.pos)
	}
	want, err := literal(p.next(), prop)
	if err != nil {
		return nil, err
	}
	if _, isTime := want.(time.Time); op.text != "eq" && !isTime {
		return nil, fmt.Errorf("$filter: %s is supported on times only", op.text)
	}
	return compareNode{path: path, op: op.text, want: want}, nil
}

// literal reads a constant of the property's type.
func literal(t token, prop contract.Property) (any, error) {
	switch {
	case t.kind == tokenName && t.text == "null" && prop.Nullable:
		return nil, nil
	case t.kind == tokenName && (t.text == "true" || t.text == "false") && prop.Kind == contract.Bool:
		return t.text == "true", nil
	case t.kind == tokenString && prop.Kind == contract.String && prop.Format != "date-time":
		return t.text, nil
	case t.kind == tokenWord && prop.Kind == contract.String && prop.Format == "uuid":
		return t.text, nil
	case t.kind == tokenWord && prop.Kind == contract.String && prop.Format == "date-time":
		at, err := time.Parse(time.RFC3339, t.text)
		if err != nil {
			return nil, fmt.Errorf("$filter: no time at position %d", t.pos)
		}
		return at, nil
	}
	return nil, fmt.Errorf("$filter: the value at position %d is not of the property's type", t.pos)
}

// Parse reads a $filter on objects of a type. It knows eq on strings, booleans, null and times,
// ge and le on times, and, or, parentheses, any(), startswith and endswith. Everything else is
// an error that names no value.
func Parse(text, typeName string, types *contract.Contract) (Expression, error) {
	if len(text) > maxFilterBytes {
		return Expression{}, fmt.Errorf("$filter is longer than %d bytes", maxFilterBytes)
	}
	tokens, err := tokenize(text)
	if err != nil {
		return Expression{}, err
	}
	p := &parser{tokens: tokens, types: types, scope: scope{typeName: typeName}, names: map[string]bool{}}
	root, err := p.or()
	if err != nil {
		return Expression{}, err
	}
	if p.peek().kind != tokenEnd {
		return Expression{}, p.unexpected()
	}
	return Expression{root: root, names: p.names, Advanced: p.advanced}, nil
}

const (
	maxFilterBytes = 8 << 10
	maxFilterDepth = 16
)
