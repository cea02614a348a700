package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const whole = `version: 1
queue: {caller: q}
callers:
  - name: a
    keySHA256: "%s"
    tenants: [11111111-1111-1111-1111-111111111111]
    rights: [requests.read, bulk]
  - {name: q, tenants: [11111111-1111-1111-1111-111111111111], rights: [requests.write, bulk]}
tenants:
  - id: 11111111-1111-1111-1111-111111111111
    name: Contoso
    systems: [entra]
    actions: [export]
    declared:
      - name: paper-files
        title: Paper files
        kinds: [contracts]
        identifiers: [customer-number]
        actions:
          export:
            instructions: |
              Ask the archive.
              Wait a day.
            link: https://intranet.contoso.example/archive
    destinations:
      - {name: legal, account: "https://contoso.blob.core.windows.net", container: dsr-legal}
`

func document() string { return fmt.Sprintf(whole, digest("a key")) }

// catalogue has one system that takes no settings and one that takes two.
var catalogue = connector.Catalogue{
	{Descriptor: connector.Descriptor{System: "entra"}},
	{Descriptor: connector.Descriptor{System: "club", Settings: []connector.Setting{
		{Name: "region", Meaning: "the region that is meant", Form: "[a-z]+", Example: "north", Required: true},
		{Name: "language", Meaning: "the language of the labels", Form: "en|de", Example: "en"},
	}}},
}

var deployment = config.Deployment{Catalogue: catalogue, StorageSuffix: "core.windows.net"}

func TestAWholeDocument(t *testing.T) {
	t.Parallel()
	doc, err := config.Parse([]byte(document()), deployment)
	require.NoError(t, err)
	one, ok := doc.Tenants.Tenant(contoso)
	require.True(t, ok)
	d, ok := one.DeclaredSystem("paper-files")
	require.True(t, ok)
	require.Equal(t, "Ask the archive.\nWait a day.\n", d.Actions["export"].Instructions)
	require.Equal(t, []string{"entra", "paper-files"}, one.SystemNames())
	require.Equal(t, 30, one.Package.RetentionDays, "the default")
	require.Equal(t, 36, one.Records.RetentionMonths, "the default")
	require.Equal(t, []tenant.Format{tenant.CSV}, one.Package.Formats, "the default")
	dest, ok := one.Destination("legal")
	require.True(t, ok)
	require.Equal(t, "dsr-legal", dest.Container)
	require.Equal(t, []string{"https://contoso.blob.core.windows.net"}, doc.Tenants.Accounts())
}

func TestAMistakeIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown key":               {"    name: Contoso", "    name: Contoso\n    colour: red", "line 12: tenants[0].colour: this key is unknown"},
		"a key that is given twice":    {"    name: Contoso", "    name: Contoso\n    name: Contoso", "line 12: tenants[0].name: this key is given twice"},
		"another version":              {"version: 1", "version: 2", "line 1: version"},
		"a number as text":             {"version: 1", "version: one", "line 1: version: a whole number is expected"},
		"a text for a list":            {"systems: [entra]", "systems: entra", "line 12: tenants[0].systems: a list is expected"},
		"a number for a text":          {"name: Contoso", "name: 4711", "in quotes"},
		"an alias":                     {"systems: [entra]", "systems: *x", "line 12"},
		"a tag":                        {"name: Contoso", "name: !!str Contoso", "line 11"},
		"an unknown system":            {"systems: [entra]", "systems: [intune]", "line 12: tenants[0].systems[0]: the catalogue has no such system, only entra, club; a system without a connector"},
		"an action that nobody knows":  {"actions: [export]", "actions: [export, forget]", "line 13: tenants[0].actions[1]"},
		"access without statements":    {"actions: [export]", "actions: [access]", "tenants[0].statements.automatedDecisions: the action access needs this statement"},
		"a declared system half said":  {"actions: [export]", "actions: [access, export]", "declared[0].actions.access: instructions are needed for every action"},
		"a declared catalogue name":    {"name: paper-files", "name: entra", "line 15: tenants[0].declared[0].name"},
		"a link without https":         {"https://intranet", "http://intranet", "declared[0].actions.export.link"},
		"a tenant that is no GUID":     {"  - id: 11111111-1111-1111-1111-111111111111", "  - id: contoso", "line 10: tenants[0].id"},
		"an id in capitals":            {"  - name: a\n", "  - name: a\n    id: A\n", "line 5: callers[0].id: an id is [a-z]"},
		"an id twice":                  {"{name: q,", "{name: q, id: a,", "callers[1].id: two callers have the id a"},
		"an id that is another name":   {"  - name: a\n", "  - name: a\n    id: q\n", "callers[1].id: two callers have the id q"},
		"a caller of an unknown one":   {"    tenants: [11111111-1111-1111-1111-111111111111]", "    tenants: [33333333-3333-3333-3333-333333333333]", "line 6: callers[0].tenants[0]"},
		"an unknown right":             {"[requests.read, bulk]", "[requests.read, admin]", "line 7: callers[0].rights[1]: one of requests.write,"},
		"a key instead of its digest":  {digest("a key"), "a-key", "line 5: callers[0].keySHA256: the SHA-256"},
		"a published key":              {digest("a key"), digest("local-dev-key"), "is published"},
		"a queue without that right":   {"queue: {caller: q}", "queue: {caller: a}", "queue.caller"},
		"a queue of nobody":            {"queue: {caller: q}", "queue: {caller: nobody}", "line 2: queue.caller"},
		"an account over http":         {"https://contoso.blob", "http://contoso.blob", "destinations[0].account"},
		"an account on this machine":   {"https://contoso.blob.core.windows.net", "http://127.0.0.1:10000/devstoreaccount1", "destinations[0].account"},
		"an account with a SAS":        {"https://contoso.blob.core.windows.net", "https://contoso.blob.core.windows.net?sv=1", "destinations[0].account"},
		"an account elsewhere":         {"https://contoso.blob.core.windows.net", "https://evil.example", "destinations[0].account: the URL of a blob account in the configured cloud"},
		"an account of another cloud":  {"https://contoso.blob.core.windows.net", "https://contoso.blob.core.chinacloudapi.cn", "destinations[0].account"},
		"another service":              {"https://contoso.blob.core.windows.net", "https://contoso.file.core.windows.net", "destinations[0].account"},
		"a host that only ends alike":  {"https://contoso.blob.core.windows.net", "https://evil.example/.blob.core.windows.net", "destinations[0].account"},
		"a host before the account":    {"https://contoso.blob.core.windows.net", "https://evil.example.contoso.blob.core.windows.net", "destinations[0].account"},
		"credentials in an account":    {"https://contoso.blob.core.windows.net", "https://contoso@evil.blob.core.windows.net", "destinations[0].account"},
		"an account's port":            {"https://contoso.blob.core.windows.net", "https://contoso.blob.core.windows.net:444", "destinations[0].account"},
		"a retention of no days":       {"    systems: [entra]", "    systems: [entra]\n    package: {retentionDays: 0}", "line 13: tenants[0].package.retentionDays: 1 to 365"},
		"a retention of two years":     {"    systems: [entra]", "    systems: [entra]\n    package: {retentionDays: 730}", "1 to 365"},
		"records of two months":        {"    systems: [entra]", "    systems: [entra]\n    records: {retentionMonths: 2}", "line 13: tenants[0].records.retentionMonths: 24 to 120 months"},
		"records of eleven years":      {"    systems: [entra]", "    systems: [entra]\n    records: {retentionMonths: 132}", "24 to 120 months"},
		"an unknown format":            {"    systems: [entra]", "    systems: [entra]\n    package: {formats: [pdf]}", "package.formats[0]"},
		"no tenants":                   {document(), "version: 1\n", "tenants: at least one tenant"},
		"two documents":                {"version: 1", "version: 1\n---\nversion: 1", "one YAML document is expected"},
		"nothing":                      {document(), "", "one YAML document is expected"},
		"not YAML":                     {document(), "\"version: [", "not YAML"},
		"a list":                       {document(), "- 1", "line 1: keys with values are expected"},
		"a tenant twice in one caller": {"    tenants: [11111111-1111-1111-1111-111111111111]", "    tenants: [11111111-1111-1111-1111-111111111111, 11111111-1111-1111-1111-111111111111]", "listed twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(document(), c.old, c.new, 1)
			require.NotEqual(t, document(), text)
			_, err := config.Parse([]byte(text), deployment)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("systems: [entra]", "systems: [intune]", "name: Contoso", "colour: red", "version: 1", "version: 7").Replace(document())
	_, err := config.Parse([]byte(text), deployment)
	require.GreaterOrEqual(t, len(strings.Split(err.Error(), "\n")), 4, "%v", err)

	tenants := strings.Repeat("11111111-1111-1111-1111-111111111111, ", 17)
	_, err = config.Parse([]byte(strings.Replace(document(), "[11111111-1111-1111-1111-111111111111]", "["+tenants+"]", 1)), deployment)
	require.ErrorContains(t, err, "1 to 16 tenants")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(document()))
	f.Add([]byte(localDocument(f)))
	f.Add(withSystems("      - entra\n      - {name: north, system: club, region: north}\n"))
	for _, seed := range []string{"a: &x [*x]", "? a\n: b", "{", "- - - - -", "version: 1\ntenants:\n  -", "!!binary x", "a: |\n  b", "<<: {a: b}", "version: .inf", "tenants:\n- {}\n-\n- id:"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<12 {
			return
		}
		doc, err := config.Parse(text, deployment)
		if err != nil {
			return
		}
		require.NotEmpty(t, doc.Tenants)
		for _, one := range doc.Tenants {
			names := one.SystemNames()
			require.NotEmpty(t, names)
			slices.Sort(names)
			require.Equal(t, names, slices.Compact(slices.Clone(names)), "names are unique in a tenant")
			for _, s := range one.Systems {
				require.True(t, dsr.ValidName(s.Name))
				e, ok := catalogue.Entry(s.System)
				require.True(t, ok)
				require.Empty(t, e.Descriptor.CheckSettings(s.Settings))
			}
		}
	})
}
