package cli

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/verify"
)

func TestAReportSendsNothingToTheTerminal(t *testing.T) {
	t.Parallel()
	const escape = "a\x1b[2K\r\x07\u009b2K\u202e\x7fz"
	for _, asJSON := range []bool{false, true} {
		for _, good := range []bool{false, true} {
			var out bytes.Buffer
			v := verified{Verified: good, Request: escape, Tenant: escape, Problems: []verify.Problem{{Path: escape, What: escape}}}
			require.NoError(t, v.print(&out, asJSON))
			require.Contains(t, out.String(), "a\ufffd[2K\ufffd\ufffd\ufffd2K\ufffd\ufffdz")
			require.NotRegexp(t, `[^\n\PC]`, out.String(), "control and format characters")
		}
	}
}
