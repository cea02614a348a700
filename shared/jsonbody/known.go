package jsonbody

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// known is the beginning of a pointer that T explains: names of its fields and indexes of its
// lists. What follows came from the input and may be personal data.
func known[T any](p jsontext.Pointer) string {
	t := reflect.TypeFor[T]()
	out := jsontext.Pointer("")
	for token := range p.Tokens() {
		next, ok := step(t, token)
		if !ok {
			break
		}
		out, t = out.AppendToken(token), next
	}
	return string(out)
}

func step(t reflect.Type, token string) (reflect.Type, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Struct:
		return field(t, token)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		_, err := strconv.ParseUint(token, 10, 31)
		return t.Elem(), err == nil
	}
	return nil, false
}

func field(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && tag == "" {
			if found, ok := field(f.Type, name); ok {
				return found, true
			}
			continue
		}
		if tag == name && tag != "-" {
			return f.Type, true
		}
	}
	return nil, false
}

// expected names the JSON type that a Go type is decoded from.
func expected(t reflect.Type) string {
	if t == nil {
		return "another type"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "a boolean"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number"
	}
	return "another type"
}
