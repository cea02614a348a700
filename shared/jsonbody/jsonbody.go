// Package jsonbody decodes one JSON object and refuses every field that it does not know.
//
// Every failure is a problem with a pointer and an offset. None quotes the input.
package jsonbody

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// maxDepth is how deeply objects and arrays may be nested.
const maxDepth = 64

// Decode reads data, at most limit bytes, as one JSON object into a T, which is a struct. A
// member that is null counts as absent. Its error is a *problem.Error: empty-body, too-large,
// invalid-utf8, too-deep, not-an-object, invalid-json, duplicate-key, unknown-field or
// wrong-type. A name that T does not have may be personal data itself. So it is not repeated:
// the pointer ends at the object around it.
func Decode[T any](data []byte, limit int) (T, error) {
	var out T
	if err := shape(data, limit); err != nil {
		return out, err
	}
	if err := json.Unmarshal(data, &out, json.RejectUnknownMembers(true)); err != nil {
		var zero T
		return zero, explain[T](err)
	}
	return out, nil
}

// shape checks what can be checked without knowing the fields.
func shape(data []byte, limit int) error {
	if len(data) > limit {
		return problem.Newf(problem.TooLarge, "", "the body is larger than %d bytes", limit)
	}
	text := bytes.TrimLeft(data, " \t\r\n")
	if len(text) == 0 {
		return problem.New(problem.EmptyBody, "", "the body is empty, one JSON object is expected")
	}
	if !utf8.Valid(data) {
		return problem.Newf(problem.InvalidUTF8, "", "the body is not UTF-8 at offset %d", invalidAt(data))
	}
	if at := tooDeepAt(data); at >= 0 {
		return problem.Newf(problem.TooDeep, "", "more than %d levels are nested at offset %d", maxDepth, at)
	}
	switch text[0] {
	case '{':
		return nil
	case '[', '"', 't', 'f', 'n', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if jsontext.Value(data).IsValid() {
			return problem.New(problem.NotAnObject, "", "one JSON object is expected")
		}
	}
	return problem.Newf(problem.InvalidJSON, "", "the body is not a JSON object: it goes wrong at offset %d", len(data)-len(text))
}

func invalidAt(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// tooDeepAt returns the offset of the first bracket that opens one level too many, or -1. It
// does not recurse: ten thousand brackets cost ten thousand steps.
func tooDeepAt(data []byte) int {
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// explain turns an error of the library into a problem. The library's own text quotes the
// input, so the error is dropped and is not even the cause.
func explain[T any](err error) error {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntax) && errors.Is(syntax.Err, jsontext.ErrDuplicateName):
		return problem.Newf(problem.DuplicateKey, known[T](syntax.JSONPointer),
			"an object has two members of the same name, at offset %d", syntax.ByteOffset)
	case errors.As(err, &syntax):
		return problem.Newf(problem.InvalidJSON, known[T](syntax.JSONPointer), "the body is not JSON: it goes wrong at offset %d", syntax.ByteOffset)
	case errors.As(err, &semantic) && errors.Is(semantic.Err, json.ErrUnknownName):
		return problem.Newf(problem.UnknownField, known[T](semantic.JSONPointer.Parent()),
			"the object has a field that is not known here, at offset %d", semantic.ByteOffset)
	case errors.As(err, &semantic):
		return problem.Newf(problem.WrongType, known[T](semantic.JSONPointer), "%s is expected%s, at offset %d",
			expected(semantic.GoType), given(semantic.JSONKind), semantic.ByteOffset)
	}
	return problem.New(problem.InvalidJSON, "", "the body ends too early: one complete JSON object is expected")
}

func given(k jsontext.Kind) string {
	names := map[jsontext.Kind]string{'n': "null", 'f': "a boolean", 't': "a boolean", '"': "a text", '0': "a number", '{': "an object", '[': "a list"}
	if name, ok := names[k]; ok {
		return fmt.Sprintf(", %s was given", name)
	}
	return ""
}
