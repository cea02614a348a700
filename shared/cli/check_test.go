package cli_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/cli"
	"github.com/rightsdesk/rightsdesk/shared/config"
)

// checker finds what it was told.
type checker cli.Report

func (c checker) Check(_ context.Context, offline bool) cli.Report {
	if offline {
		c.Probes = nil
	}
	return cli.Report(c)
}

func checked(r cli.Report) cli.Options { return cli.Options{Checker: checker(r)} }

func TestCheckExplainsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	whole := cli.Report{
		Settings: []cli.Setting{
			{Setting: config.Setting{Name: "A", Meaning: "what A is", Azure: "needed", Sample: "never shown"}, Set: true},
			{Setting: config.Setting{Name: "B", Meaning: "what B is", Azure: "optional", Default: "info"}},
			{Setting: config.Setting{Name: "C", Meaning: "what C is", LocalOnly: true}},
		},
		Kept: []cli.Kept{{Class: "packages", For: "30 days", Since: "the package was ready", By: "purge"}},
		Probes: []cli.Probe{
			{Of: "storage, blobs", Result: cli.Fine, Text: "it answers"},
			{Of: "storage, deletion", Result: cli.Unknown, Text: "look at the account"},
			{Of: "tenant 1, entra", Result: cli.Failed, Text: "permission User.Read.All is missing"},
		},
	}
	got := run(t, nil, checked(whole), "check")
	golden(t, "check.txt", got.out)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Equal(t, "rightsdesk: 1 system cannot be used as configured\n", got.err)
	golden(t, "check.json", run(t, nil, checked(whole), "check", "--json").out)

	got = run(t, nil, checked(whole), "check", "--offline")
	require.Equal(t, cli.ExitDone, got.code)
	require.NotContains(t, got.out, "storage")

	for want, wrong := range map[string][]string{
		"rightsdesk: 1 thing is wrong\n":   {"line 3: unknown key"},
		"rightsdesk: 2 things are wrong\n": {"line 3: unknown key", "RIGHTSDESK_CLOUD: public, usgov or china is expected"},
	} {
		got = run(t, nil, checked(cli.Report{Wrong: wrong}), "check")
		require.Equal(t, cli.ExitUsage, got.code)
		require.Equal(t, want, got.err)
		for _, w := range wrong {
			require.Contains(t, got.out, "wrong: "+w+"\n")
		}
		require.NotContains(t, got.out, "in order")
	}
}
