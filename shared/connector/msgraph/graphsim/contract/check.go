package contract

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Check checks a decoded JSON value by a named schema: every property must be declared and have
// the declared type. It is stricter than a validation by JSON Schema, where the contract's open
// types let any property pass. The error names the property, never a value.
func (c *Contract) Check(typeName string, value any) error {
	obj, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: not an object", typeName)
	}
	return c.checkObject(typeName, obj, typeName, true)
}

func (c *Contract) checkObject(typeName string, obj map[string]any, at string, top bool) error {
	actual, err := c.actualType(typeName, obj)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	t := c.types[actual]
	for _, name := range t.required {
		if _, ok := obj[name]; !ok {
			return fmt.Errorf("%s.%s: required and absent", at, name)
		}
	}
	for name, v := range obj {
		p, ok := t.properties[name]
		if !ok {
			if top && name == "@odata.context" {
				continue
			}
			return fmt.Errorf("%s.%s: not declared by %s", at, name, actual)
		}
		if err := c.checkValue(p, v, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// actualType follows @odata.type to a derived type.
func (c *Contract) actualType(typeName string, obj map[string]any) (string, error) {
	if odata, ok := obj["@odata.type"].(string); ok {
		name := ShortName(odata)
		if !strings.HasPrefix(odata, "#microsoft.graph.") || c.types[name] == nil || !c.derives(name, typeName) {
			return "", fmt.Errorf("@odata.type is not a kind of %s", typeName)
		}
		return name, nil
	}
	if c.types[typeName] == nil {
		return "", fmt.Errorf("no schema %s", typeName)
	}
	return typeName, nil
}

func (c *Contract) checkValue(p Property, v any, at string) error {
	if v == nil {
		if p.Nullable || p.Kind == Any {
			return nil
		}
		return fmt.Errorf("%s: null is not allowed", at)
	}
	switch p.Kind {
	case String:
		return checkString(p, v, at)
	case Bool:
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s: not a boolean", at)
		}
	case Integer, Number:
		return checkNumber(p, v, at)
	case Array:
		return c.checkArray(p, v, at)
	case Object:
		obj, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: not an object", at)
		}
		return c.checkObject(p.TypeName, obj, at, false)
	}
	return nil
}

func (c *Contract) checkArray(p Property, v any, at string) error {
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("%s: not an array", at)
	}
	for i, item := range list {
		if err := c.checkValue(*p.Items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	return nil
}

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// IsGUID reports whether a text is a GUID in lower case.
func IsGUID(text string) bool { return uuidPattern.MatchString(text) }

func checkString(p Property, v any, at string) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s: not a string", at)
	}
	if len(p.enum) > 0 && !slices.Contains(p.enum, text) {
		return fmt.Errorf("%s: not one of the declared values", at)
	}
	switch p.Format {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return fmt.Errorf("%s: not a date-time", at)
		}
	case "uuid":
		if !IsGUID(text) {
			return fmt.Errorf("%s: not a GUID", at)
		}
	}
	return nil
}

func checkNumber(p Property, v any, at string) error {
	var f float64
	switch n := v.(type) {
	case int:
		f = float64(n)
	case float64:
		f = n
	case json.Number:
		parsed, err := n.Float64()
		if err != nil {
			return fmt.Errorf("%s: not a number", at)
		}
		f = parsed
	default:
		return fmt.Errorf("%s: not a number", at)
	}
	if p.Kind == Integer && f != math.Trunc(f) {
		return fmt.Errorf("%s: not an integer", at)
	}
	if p.Format == "int32" && (f > math.MaxInt32 || f < math.MinInt32) {
		return fmt.Errorf("%s: out of range", at)
	}
	return nil
}
