package filter

import (
	"fmt"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// path resolves a property path against the scope. It stops before /any, which the caller reads.
func (p *parser) path(first token) ([]string, contract.Property, error) {
	if first.kind != tokenName {
		return nil, contract.Property{}, fmt.Errorf("$filter: property expected at position %d", first.pos)
	}
	if p.scope.variable != "" {
		return p.elementPath(first)
	}
	prop, ok := p.types.Lookup(p.scope.typeName, first.text)
	if !ok {
		return nil, contract.Property{}, fmt.Errorf("$filter: property at position %d is not declared by %s", first.pos, p.scope.typeName)
	}
	p.names[first.text] = true
	return p.members([]string{first.text}, prop)
}

// elementPath resolves a name inside any(): the variable alone, or a member of it.
func (p *parser) elementPath(first token) ([]string, contract.Property, error) {
	if first.text != p.scope.variable {
		return nil, contract.Property{}, fmt.Errorf("$filter: unknown variable at position %d", first.pos)
	}
	path, prop, err := p.members(nil, *p.scope.element)
	if err == nil && len(path) > 0 {
		p.compared[path[0]] = true
	}
	return path, prop, err
}

// members follows /name as long as the property is an object.
func (p *parser) members(path []string, prop contract.Property) ([]string, contract.Property, error) {
	for prop.Kind == contract.Object && p.accept(tokenPunct, "/") {
		t := p.next()
		inner, ok := p.types.Lookup(prop.TypeName, t.text)
		if t.kind != tokenName || !ok {
			return nil, contract.Property{}, fmt.Errorf("$filter: member at position %d is not declared by %s", t.pos, prop.TypeName)
		}
		path, prop = append(path, t.text), inner
	}
	return path, prop, nil
}

// lambda reads any(v:expression) after the slash.
func (p *parser) lambda(path []string, prop contract.Property) (node, error) {
	if len(path) != 1 || prop.Kind != contract.Array || p.scope.variable != "" {
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
	p.scope, p.compared = scope{variable: variable.text, element: prop.Items}, map[string]bool{}
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
