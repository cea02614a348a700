package graphsim

import (
	"fmt"
)

// path resolves a property path against the scope. It stops before /any, which the caller reads.
func (p *filterParser) path(first token) ([]string, property, error) {
	if first.kind != tokenName {
		return nil, property{}, fmt.Errorf("$filter: property expected at position %d", first.pos)
	}
	if p.scope.variable != "" {
		return p.elementPath(first)
	}
	prop, ok := p.types.lookup(p.scope.typeName, first.text)
	if !ok {
		return nil, property{}, fmt.Errorf("$filter: property at position %d is not declared by %s", first.pos, p.scope.typeName)
	}
	p.names[first.text] = true
	return p.members([]string{first.text}, prop)
}

// elementPath resolves a name inside any(): the variable alone, or a member of it.
func (p *filterParser) elementPath(first token) ([]string, property, error) {
	if first.text != p.scope.variable {
		return nil, property{}, fmt.Errorf("$filter: unknown variable at position %d", first.pos)
	}
	path, prop, err := p.members(nil, *p.scope.element)
	if err == nil && len(path) > 0 {
		p.compared[path[0]] = true
	}
	return path, prop, err
}

// members follows /name as long as the property is an object.
func (p *filterParser) members(path []string, prop property) ([]string, property, error) {
	for prop.kind == kindObject && p.accept(tokenPunct, "/") {
		t := p.next()
		inner, ok := p.types.lookup(prop.typeName, t.text)
		if t.kind != tokenName || !ok {
			return nil, property{}, fmt.Errorf("$filter: member at position %d is not declared by %s", t.pos, prop.typeName)
		}
		path, prop = append(path, t.text), inner
	}
	return path, prop, nil
}

// lambda reads any(v:expression) after the slash.
func (p *filterParser) lambda(path []string, prop property) (node, error) {
	if len(path) != 1 || prop.kind != kindArray || p.scope.variable != "" {
		return nil, p.unexpected()
	}
	if err := p.expect(tokenName, "any"); err != nil {
		return nil, err
	}
	if err := p.expect(tokenPunct, "("); err != nil {
		return nil, err
	}
	variable := p.next()
	if variable.kind != tokenName {
		return nil, fmt.Errorf("$filter: variable expected at position %d", variable.pos)
	}
	if err := p.expect(tokenPunct, ":"); err != nil {
		return nil, err
	}
	outer := p.scope
	p.scope, p.compared = scope{variable: variable.text, element: prop.items}, map[string]bool{}
	inner, err := p.or()
	p.scope = outer
	if err != nil {
		return nil, err
	}
	if err := p.expect(tokenPunct, ")"); err != nil {
		return nil, err
	}
	// The service refuses a look-up of a sign-in name without its issuer.
	if path[0] == "identities" && p.compared["issuerAssignedId"] && !p.compared["issuer"] {
		return nil, fmt.Errorf("$filter: identities needs issuer beside issuerAssignedId")
	}
	return anyNode{field: path[0], inner: inner}, nil
}
