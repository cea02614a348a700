package jsonbody_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

type common struct {
	Names []string `json:"names,omitempty"`
	Inner struct {
		Email string `json:"email"`
		Pairs []struct {
			Kind string `json:"kind"`
		} `json:"pairs"`
	} `json:"inner"`
}

type thing struct {
	Tenant string `json:"tenant"`
	common
	Count int64            `json:"count"`
	Flag  bool             `json:"flag"`
	Raw   []jsontext.Value `json:"raw"`
}

const canary = "jane.canary@contoso.example"

func TestEachFailureIsAProblemOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body    string
		code    problem.Code
		pointer string
		detail  string
	}{
		"nothing":                       {"", problem.EmptyBody, "", "empty"},
		"white space":                   {" \r\n\t", problem.EmptyBody, "", "empty"},
		"a list":                        {`[{"tenant":"x"}]`, problem.NotAnObject, "", "object"},
		"a text":                        {`"` + canary + `"`, problem.NotAnObject, "", "object"},
		"null":                          {`null`, problem.NotAnObject, "", "object"},
		"not JSON":                      {`tenant=` + canary, problem.InvalidJSON, "", "offset 0"},
		"a broken list":                 {`[1,`, problem.InvalidJSON, "", "offset 0"},
		"a byte order mark":             {"\ufeff{}", problem.InvalidJSON, "", "offset 0"},
		"cut off":                       {`{"tenant":"` + canary, problem.InvalidJSON, "/tenant", "offset"},
		"a comma too many":              {`{"tenant":"x",}`, problem.InvalidJSON, "", "offset 13"},
		"something after the object":    {`{"tenant":"x"} {"tenant":"y"}`, problem.InvalidJSON, "", "offset 15"},
		"an unknown field":              {`{"tenant":"x","` + canary + `":1}`, problem.UnknownField, "", "offset 14"},
		"an unknown field further down": {`{"inner":{"pairs":[{"kind":"a"},{"` + canary + `":"b"}]}}`, problem.UnknownField, "/inner/pairs/1", "offset"},
		"another case of a field":       {`{"Tenant":"x"}`, problem.UnknownField, "", "offset"},
		"the same field twice":          {`{"tenant":"x","tenant":"y"}`, problem.DuplicateKey, "/tenant", "two members"},
		"the same unknown field twice":  {`{"raw":[{"` + canary + `":1,"` + canary + `":2}]}`, problem.DuplicateKey, "/raw/0", "two members"},
		"invalid UTF-8":                 {"{\"tenant\":\"\xff\"}", problem.InvalidUTF8, "", "offset 11"},
		"half a surrogate pair":         {`{"tenant":"\ud800"}`, problem.InvalidJSON, "/tenant", "offset"},
		"a number for a text":           {`{"tenant":4915112345678}`, problem.WrongType, "/tenant", "a text is expected, a number was given"},
		"a text for a list":             {`{"names":"` + canary + `"}`, problem.WrongType, "/names", "a list is expected, a text was given"},
		"a list for an object":          {`{"inner":["` + canary + `"]}`, problem.WrongType, "/inner", "an object is expected"},
		"a text for a number":           {`{"count":"` + canary + `"}`, problem.WrongType, "/count", "a whole number is expected"},
		"a fraction for a whole number": {`{"count":1.5}`, problem.WrongType, "/count", "a whole number is expected"},
		"a text in a list of objects":   {`{"inner":{"pairs":["` + canary + `"]}}`, problem.WrongType, "/inner/pairs/0", "an object is expected"},
		"ten thousand levels":           {`{"raw":` + strings.Repeat("[", 10000), problem.TooDeep, "", "64 levels"},
		"ten thousand objects":          {strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000), problem.TooDeep, "", "64 levels"},
		"over the limit":                {`{"tenant":"` + strings.Repeat("x", 1<<16) + `"}`, problem.TooLarge, "", "65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jsonbody.Decode[thing]([]byte(c.body), 1<<16)
			p := problem.As(err)
			require.NotNil(t, p, "%v", err)
			require.Equal(t, c.code, p.Code, p.Detail)
			require.Equal(t, c.pointer, p.Pointer)
			require.Contains(t, p.Detail, c.detail)
			require.NotContains(t, err.Error(), "canary")
			require.NoError(t, p.Unwrap(), "the library's text quotes the input")
		})
	}
}

func TestWhatIsKnownIsTaken(t *testing.T) {
	t.Parallel()
	got, err := jsonbody.Decode[thing]([]byte(` {"tenant":"t","names":["a\"[{","b"],"inner":{"email":"e"},"count":7,"flag":true,"raw":[{"x":[1]}]} `), 1<<16)
	require.NoError(t, err)
	require.Equal(t, "t", got.Tenant)
	require.Equal(t, []string{`a"[{`, "b"}, got.Names)
	require.Equal(t, "e", got.Inner.Email)
	require.Equal(t, int64(7), got.Count)
	require.JSONEq(t, `{"x":[1]}`, string(got.Raw[0]))

	got, err = jsonbody.Decode[thing]([]byte(`{"tenant":null,"inner":null,"names":null}`), 1<<16)
	require.NoError(t, err)
	require.Empty(t, got, "null counts as absent")
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"tenant":"x","inner":{"pairs":[{"kind":"a"}]}}`, `{"raw":[[[1]]],"count":-1}`, `[`, "{\"tenant\":\"\xff\"}", `{"a":1}`, `{"tenant":"\"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := jsonbody.Decode[thing](data, 1<<12)
		if err != nil {
			require.NotNil(t, problem.As(err), "%v", err)
			return
		}
		require.True(t, json.Valid(data), "what is taken is JSON")
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.NotEmpty(t, again)
	})
}
