package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/verify"
)

func verifyCommand(o Options) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify PACKAGE.zip",
		Short: "Check a package against its own manifest",
		Long: `Check a package against its own manifest: that it has every member that the manifest
lists and no other, each with the size and the SHA-256 that the manifest says, and each
JSON member with the number of records that it says. This needs neither a Rightsdesk nor
a key. It shows that the package is whole, not who made it. Exit code 1 says that the
package does not match its manifest.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return verifyFile(o, args[0], asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

func verifyFile(o Options, path string, asJSON bool) error {
	f, err := os.Open(path)
	if err != nil {
		return usage(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return usage(errors.New("the package is not a file"))
	}
	report, err := verify.Archive(f, info.Size())
	if err != nil && !errors.Is(err, verify.ErrNotVerified) {
		return usage(err)
	}
	sum := verified{
		Verified: err == nil, Request: report.Manifest.Request, Tenant: report.Manifest.Tenant, Files: report.Files, Records: report.Records,
		Bytes: report.Bytes, Problems: report.Problems,
	}
	if err := sum.print(o.Out, asJSON); err != nil {
		return err
	}
	if !sum.Verified {
		return &exit{code: ExitFailed}
	}
	return nil
}

// verified is the report as it is printed.
type verified struct {
	Verified bool             `json:"verified"`
	Request  string           `json:"request,omitempty"`
	Tenant   string           `json:"tenant,omitempty"`
	Files    int              `json:"files"`
	Records  int64            `json:"records"`
	Bytes    int64            `json:"bytes"`
	Problems []verify.Problem `json:"problems,omitempty"`
}

func (v verified) print(out io.Writer, asJSON bool) error {
	v.Request, v.Tenant = visible(v.Request), visible(v.Tenant)
	for i, p := range v.Problems {
		v.Problems[i] = verify.Problem{Path: visible(p.Path), What: visible(p.What)}
	}
	if asJSON {
		return json.NewEncoder(out).Encode(v)
	}
	var text strings.Builder
	for _, p := range v.Problems {
		fmt.Fprintf(&text, "%s: %s\n", p.Path, p.What)
	}
	if v.Verified {
		fmt.Fprintf(&text, "verified: %d files, %d records, %d bytes of request %s\n", v.Files, v.Records, v.Bytes, v.Request)
	} else {
		fmt.Fprintf(&text, "not verified: the package does not match its manifest\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// visible replaces in a package's text the characters that a terminal may obey: escape sequences,
// and those that turn or hide what follows.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
