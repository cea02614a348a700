package contract

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// schemaType is one named schema with its own and its inherited properties.
type schemaType struct {
	name       string
	properties map[string]Property
	bases      []string
	required   []string
}

type Kind int

const (
	Any Kind = iota
	String
	Bool
	Integer
	Number
	Array
	Object
)

// Property is what the contract says about one value.
type Property struct {
	Kind     Kind
	Nullable bool
	Format   string
	enum     []string
	TypeName string    // kindObject: the named schema
	Items    *Property // kindArray
}

func indexTypes(schemas openapi3.Schemas) map[string]*schemaType {
	out := make(map[string]*schemaType, len(schemas))
	for ref, s := range schemas {
		t := &schemaType{name: ShortName(ref), properties: map[string]Property{}}
		t.collect(s)
		out[t.name] = t
	}
	return out
}

func (t *schemaType) collect(s *openapi3.SchemaRef) {
	for _, part := range s.Value.AllOf {
		if part.Ref != "" {
			t.bases = append(t.bases, ShortName(part.Ref))
		}
		t.collect(part)
	}
	for name, p := range s.Value.Properties {
		t.properties[name] = newProperty(p)
	}
	t.required = append(t.required, s.Value.Required...)
}

func newProperty(ref *openapi3.SchemaRef) Property {
	s := ref.Value
	p := Property{Nullable: s.Nullable, Format: s.Format}
	if ref.Ref == "" && len(s.AllOf) == 1 { // so the contract writes a nullable reference
		p = newProperty(s.AllOf[0])
		p.Nullable = s.Nullable
		return p
	}
	for _, v := range s.Enum {
		if text, ok := v.(string); ok && !isFlags(s) {
			p.enum = append(p.enum, text)
		}
	}
	switch {
	case s.Type.Is("string"):
		p.Kind = String
	case s.Type.Is("boolean"):
		p.Kind = Bool
	case s.Type.Is("integer"):
		p.Kind = Integer
	case s.Type.Is("number"):
		p.Kind = Number
	case s.Type.Is("array"):
		p.Kind = Array
		items := newProperty(s.Items)
		p.Items = &items
	case ref.Ref != "":
		p.Kind, p.TypeName = Object, ShortName(ref.Ref)
	}
	return p
}

// isFlags tells an enumeration whose values may be joined with commas.
func isFlags(s *openapi3.Schema) bool { return s.Extensions["x-ms-enum-flags"] != nil }

// derives reports whether name is base or inherits from it.
func (c *Contract) derives(name, base string) bool {
	if name == base {
		return true
	}
	t := c.types[name]
	return t != nil && slices.ContainsFunc(t.bases, func(b string) bool { return c.derives(b, base) })
}

// Element returns the type of the objects that an operation answers with. For a collection that
// is the type of the members of value.
func (c *Contract) Element(name string) (element string, collection bool) {
	t := c.types[name]
	if t == nil {
		return name, false
	}
	if v, ok := t.properties["value"]; ok && strings.HasSuffix(name, "CollectionResponse") && v.Kind == Array {
		return v.Items.TypeName, true
	}
	return name, false
}

// Lookup finds a property of a type. Of a base whose lists mix types, such as directoryObject,
// it also finds what a derived type declares, as the service accepts $select=displayName on
// memberOf.
func (c *Contract) Lookup(typeName, name string) (Property, bool) {
	if t := c.types[typeName]; t != nil {
		if p, ok := t.properties[name]; ok {
			return p, true
		}
	}
	if !Mixes(typeName) {
		return Property{}, false
	}
	for _, t := range c.types {
		if p, ok := t.properties[name]; ok && c.derives(t.name, typeName) {
			return p, true
		}
	}
	return Property{}, false
}

// Mixes reports whether lists of a type hold objects of types derived from it. Each object then
// names its own in @odata.type.
func Mixes(typeName string) bool {
	return typeName == "directoryObject" || typeName == "authenticationMethod"
}

// Complete returns the record with what the service says of properties that are not set: null,
// or an empty array. A property that may not be null stays absent.
func (c *Contract) Complete(typeName string, r map[string]any) map[string]any {
	out := make(map[string]any, len(r))
	if t := c.types[typeName]; t != nil {
		for name, p := range t.properties {
			switch {
			case strings.HasPrefix(name, "@"):
			case p.Kind == Array:
				out[name] = []any{}
			case p.Nullable:
				out[name] = nil
			}
		}
	}
	maps.Copy(out, r)
	return out
}
