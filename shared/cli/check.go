package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

func checkCommand(o Options) *cobra.Command {
	var offline, asJSON bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Explain every setting, and everything that is wrong with the configuration",
		Long: `Explain every setting and whether it is set. Say at once everything that is wrong with the
settings, the keys and the document. When these are in order, tell how long each class of
stored thing is kept and what removes it, and ask the storage and each tenant's systems
whether they can be used as configured. Nothing is written, and no value of a setting is
shown.

Exit code 2 says that settings, keys or document are wrong, 1 that a system cannot be used
as configured.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var r Report
			if o.Checker != nil {
				r = o.Checker.Check(c.Context(), offline)
			}
			if err := r.print(o.Out, asJSON); err != nil {
				return err
			}
			return r.verdict()
		},
	}
	c.Flags().BoolVar(&offline, "offline", false, "make no call: look at settings, keys and document only")
	c.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return c
}

func (r Report) verdict() error {
	if n := len(r.Wrong); n > 0 {
		return &exit{code: ExitUsage, err: fmt.Errorf("%s wrong", count(n, "thing is", "things are"))}
	}
	failed := 0
	for _, p := range r.Probes {
		if p.Result == Failed {
			failed++
		}
	}
	if failed > 0 {
		return &exit{code: ExitFailed, err: fmt.Errorf("%s cannot be used as configured", count(failed, "system", "systems"))}
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (r Report) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	var text strings.Builder
	for _, s := range r.Settings {
		fmt.Fprintf(&text, "%s: %s\n    %s\n    %s\n", s.Name, s.state(), s.Meaning, s.place())
	}
	if len(r.Settings) > 0 {
		text.WriteByte('\n')
	}
	for _, w := range r.Wrong {
		fmt.Fprintf(&text, "wrong: %s\n", w)
	}
	if len(r.Wrong) == 0 {
		text.WriteString("settings, keys and document are in order\n")
	}
	for _, k := range r.Kept {
		fmt.Fprintf(&text, "kept: %s: %s, since %s; removed by: %s\n", k.Class, k.For, k.Since, k.By)
	}
	for _, p := range r.Probes {
		fmt.Fprintf(&text, "%s: %s: %s\n", p.Result, p.Of, p.Text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func (s Setting) state() string {
	switch {
	case s.Set:
		return "set"
	case s.Default != "":
		return "not set: " + s.Default
	default:
		return "not set"
	}
}

func (s Setting) place() string {
	if s.LocalOnly {
		return "local only: refused on Azure"
	}
	return "on Azure: " + s.Azure
}
