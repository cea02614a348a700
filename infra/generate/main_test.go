package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedCodeIsThatOfItsSource(t *testing.T) {
	t.Parallel()
	all, err := sources("../..")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, s := range all {
		want, err := generate(s)
		require.NoError(t, err)
		got, err := os.ReadFile(target(s))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is older than its source: go run ./infra/generate", target(s))
	}
}

func TestATemplateThatCannotBeReadIsTold(t *testing.T) {
	t.Parallel()
	source := t.TempDir() + "/x.templ"
	require.NoError(t, os.WriteFile(source, []byte("package x\n\ntempl a() {\n<p>\n}\n"), 0o600))
	_, err := generate(source)
	require.ErrorContains(t, err, "x.templ")
}
