package dsr_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file under testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// TestEveryPair holds what every event does in every state, also where nothing may happen.
func TestEveryPair(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, s := range append([]dsr.State{dsr.StateNone}, dsr.States()...) {
		for _, e := range dsr.EventTypes() {
			to, err := dsr.Next(s, e)
			if err != nil {
				var se *dsr.StateError
				require.ErrorAs(t, err, &se)
				require.Equal(t, s, to, "a refused event leaves the state as it was")
				fmt.Fprintf(&b, "%q + %s: refused\n", s, e)
				continue
			}
			fmt.Fprintf(&b, "%q + %s = %s\n", s, e, to)
		}
	}
	golden(t, "pairs.txt", b.String())
}

func TestEveryStateCanBeReachedAndLeft(t *testing.T) {
	t.Parallel()
	reached := map[dsr.State]bool{dsr.StateNone: true}
	for range dsr.States() {
		for _, s := range append([]dsr.State{dsr.StateNone}, dsr.States()...) {
			if !reached[s] {
				continue
			}
			for _, e := range dsr.EventTypes() {
				if to, err := dsr.Next(s, e); err == nil {
					reached[to] = true
				}
			}
		}
	}
	for _, s := range dsr.States() {
		require.True(t, reached[s], "%s cannot be reached", s)
		if s.Final() {
			continue
		}
		_, err := dsr.Next(s, dsr.EventCancelled)
		require.NoError(t, err, "%s cannot be cancelled", s)
	}
}

func TestDiagramInREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```mermaid\n"+dsr.Diagram()+"```", "README.md: paste the output of dsr.Diagram")
}
