package pii_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/pii"
)

const secret = "jane.o'brien@canary.example"

type exported struct{ V pii.Value }

type hidden struct {
	v  pii.Value
	vs []pii.Value
	m  map[string]pii.Value
	p  *pii.Value
}

// shapes are the ways in which a value ends up in a print statement.
func shapes() map[string]any {
	v := pii.New(secret)
	return map[string]any{
		"value":                 v,
		"pointer":               &v,
		"exported field":        exported{v},
		"pointer to a struct":   &exported{v},
		"unexported field":      hidden{v: v, vs: []pii.Value{v}, m: map[string]pii.Value{"k": v}, p: &v},
		"pointer to unexported": &hidden{v: v, vs: []pii.Value{v}, m: map[string]pii.Value{"k": v}, p: &v},
		"slice":                 []pii.Value{v},
		"map":                   map[string]pii.Value{"email": v},
		"inside an error":       fmt.Errorf("cannot find %v: %w", v, errors.New("gone")),
		"joined error":          errors.Join(fmt.Errorf("%s %q", v, v)),
	}
}

func TestNoVerbPrintsAValue(t *testing.T) {
	t.Parallel()
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%U", "%e", "%08b", "%-40s", "% x", "%#q"}
	for name, shape := range shapes() {
		for _, verb := range verbs {
			got := fmt.Sprintf(verb, shape)
			require.NotContains(t, got, "canary", "%s with %s", name, verb)
			require.NotContains(t, got, fmt.Sprintf("%x", "canary"), "%s with %s", name, verb)
		}
		require.NotContains(t, fmt.Sprint(shape), "canary", name)
	}
}

func TestNoEncoderPrintsAValue(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes() {
		b, err := json.Marshal(shape)
		require.NoError(t, err, name)
		require.NotContains(t, string(b), "canary", name)
		var text, js bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "shape", shape)
		slog.New(slog.NewJSONHandler(&js, nil)).Info("m", "shape", shape, slog.Group("g", "inner", shape))
		require.NotContains(t, text.String()+js.String(), "canary", name)
	}
	b, err := json.Marshal(map[string]any{"v": pii.New(secret)})
	require.NoError(t, err)
	require.JSONEq(t, `{"v":"‹redacted›"}`, string(b))
}

func TestRevealAndEqual(t *testing.T) {
	t.Parallel()
	require.Equal(t, secret, pii.New(secret).Reveal())
	require.True(t, pii.New(secret).Equal(pii.New(secret)))
	require.False(t, pii.New(secret).Equal(pii.New("x")))
	require.True(t, pii.Value{}.Empty())
	require.True(t, pii.New("").Equal(pii.Value{}))
}

func TestTokens(t *testing.T) {
	t.Parallel()
	k1 := pii.Key{Version: 1, Key: bytes.Repeat([]byte{1}, 32)}
	k2 := pii.Key{Version: 2, Key: bytes.Repeat([]byte{2}, 32)}
	old, err := pii.NewTokens(k1)
	require.NoError(t, err)
	both, err := pii.NewTokens(k2, k1)
	require.NoError(t, err)
	v := pii.New(secret)

	require.Regexp(t, `^v1-[0-9a-f]{64}$`, old.Token("t", "email", v))
	require.Regexp(t, `^v2-`, both.Token("t", "email", v), "the newest key makes new tokens")
	require.Contains(t, both.All("t", "email", v), old.Token("t", "email", v), "old tokens stay recognisable")
	require.NotEqual(t, old.Token("t", "email", v), old.Token("u", "email", v), "scopes differ")
	require.NotEqual(t, old.Token("ab", "c", v), old.Token("a", "bc", v), "parts cannot slide into each other")

	for name, keys := range map[string][]pii.Key{
		"no key":     nil,
		"short key":  {{Version: 1, Key: []byte("short")}},
		"version 0":  {{Version: 0, Key: k1.Key}},
		"same twice": {k1, k1},
	} {
		_, err := pii.NewTokens(keys...)
		require.Error(t, err, name)
	}
}
