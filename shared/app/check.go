package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/cli"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// checker checks the settings of an environment.
type checker func(name string) string

// Check explains the settings and reports every mistake in the settings, the keys and the
// document. If it finds none and is not offline, it asks the systems that they name. It writes
// nothing.
func (env checker) Check(ctx context.Context, offline bool) cli.Report {
	var r cli.Report
	for _, s := range config.Table() {
		r.Settings = append(r.Settings, cli.Setting{Setting: s, Set: strings.TrimSpace(env(s.Name)) != ""})
	}
	s, err := config.Load(env)
	r.Wrong = append(r.Wrong, each(err)...)
	doc, err := readDocument(s, catalog.Entries())
	r.Wrong = append(r.Wrong, each(err)...)
	r.Wrong = append(r.Wrong, each(s.CheckKeys())...)
	if len(r.Wrong) > 0 {
		return r
	}
	a := &App{settings: s, document: doc, clocks: RealClocks(), log: slog.New(slog.DiscardHandler), catalogue: catalog.Entries()}
	a.connectors = newConnectors(a)
	if r.Wrong = each(a.connectors.check()); len(r.Wrong) > 0 {
		return r
	}
	r.Kept = kept(doc.Tenants)
	if offline {
		return r
	}
	r.Probes = a.probe(ctx)
	return r
}

// kept is the retention table with what the tenants have decided.
func kept(ts tenant.Tenants) []cli.Kept {
	var out []cli.Kept
	for _, r := range retention.Table() {
		k := cli.Kept{Class: r.Class, For: r.Keep.String(), Since: r.Since, By: r.By}
		switch r.Keep.Bounds {
		case &retention.PackageDays:
			k.For = decided(ts, r.Keep.Bounds.Unit, func(t tenant.Tenant) int { return t.Package.RetentionDays })
		case &retention.RecordMonths:
			k.For = decided(ts, r.Keep.Bounds.Unit, func(t tenant.Tenant) int { return t.Records.RetentionMonths })
		}
		out = append(out, k)
	}
	return out
}

// decided tells what each tenant has decided: "30 days for Contoso, 90 days for Fabrikam".
func decided(ts tenant.Tenants, unit string, of func(tenant.Tenant) int) string {
	var out []string
	for _, t := range ts {
		out = append(out, fmt.Sprintf("%d %s for %s", of(t), unit, t.Name))
	}
	return strings.Join(out, ", ")
}

// each splits joined errors into their texts.
func each(err error) []string {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // a joined error wrapped in words must stay one text
	if !ok {
		return []string{err.Error()}
	}
	var out []string
	for _, e := range joined.Unwrap() {
		out = append(out, each(e)...)
	}
	return out
}
